import Foundation
import III
import IIIMockEngine
import Testing
import Transcripts

@testable import iii_dev

/// `iii-dev record` and `iii-dev replay`, as users run them; the worker is `iii-dev trigger`.
@Suite(.timeLimit(.minutes(5))) struct RecordReplayTests {
  private static let iiiDev = Program.url(of: "iii-dev").path
  private static let worker = [iiiDev, "trigger", "bank::pay", "amount=7", "--timeout-ms", "20000"]

  /// Records the worker's session with an engine that answers `amount`.
  private func record(into path: String) async throws -> (status: Int32?, output: String, errors: String) {
    try await withMockEngine { engine in
      try engine.stub("bank::pay", returning: ["paid": 7])
      return try await Program(["record", "--upstream", engine.url, "-o", path, "--"] + Self.worker).end()
    }
  }

  @Test("a recorded session replays without a difference, and a changed byte is found")
  func roundTrip() async throws {
    let file = try TemporaryFile("an older and longer text than what is recorded".padded(to: 100_000))
    let recorded = try await record(into: file.path)
    #expect(recorded.status == 0 && recorded.output.contains("\"paid\": 7"), "\(recorded)")
    let text = try String(contentsOfFile: file.path, encoding: .utf8)
    #expect(try Transcript(parsing: text).steps.count > 4, "\(text)")
    #expect(text.contains("\"$uuid1\"") && text.contains("\"pid\":\"$number\""), "\(text)")

    let replayed = try await Program(["replay", file.path, "--"] + Self.worker).end()
    #expect(replayed.status == 0 && replayed.output.contains("\"paid\": 7"), "\(replayed)")
    #expect(replayed.errors == "replayed \(file.path): no difference\n")

    let changed = try TemporaryFile(text.replacingOccurrences(of: "\"amount\":7", with: "\"amount\":8"))
    let different = try await Program(["replay", changed.path, "--"] + Self.worker).end()
    #expect(different.status == 1)
    #expect(different.errors.contains("at data.amount: recorded 8, got 7"), "\(different.errors)")
  }

  @Test("without a command the proxy runs until a signal, and writes what workers said until then")
  func proxy() async throws {
    let file = try TemporaryFile("")
    try await withMockEngine { engine in
      try engine.stub("bank::pay", returning: ["paid": 7])
      let proxy = try Program("record", "--upstream", engine.url, "--output", file.path)
      let url = try #require(await proxy.line(after: "iii-dev record listening on "))
      let call = try await Program(Array(Self.worker.dropFirst()), variables: ["III_URL": url]).end()
      #expect(call.status == 0, "\(call)")
      proxy.send(SIGTERM)
      let end = await proxy.end()
      #expect(end.status == 0 && end.errors.contains("steps in \(file.path)"), "\(end)")
    }
    #expect(try String(contentsOfFile: file.path, encoding: .utf8).contains("bank::pay"))
  }

  @Test("the status of a worker that fails by itself is passed on")
  func failing() async throws {
    let file = try TemporaryFile("")
    _ = try await record(into: file.path)
    let script = "\"$0\" \"$@\"; exit 9"
    let end = try await Program(["replay", file.path, "--", "sh", "-c", script] + Self.worker).end()
    #expect(end.status == 9 && end.errors.contains("ended with 9"), "\(end)")
  }

  @Test("an engine that cannot be reached is named, and so is an empty recording")
  func unreachable() async throws {
    let file = try TemporaryFile("")
    let worker = [Self.iiiDev, "trigger", "f", "--timeout-ms", "300"]
    let end = try await Program(["record", "--upstream", "ws://127.0.0.1:1", "-o", file.path, "--"] + worker).end()
    #expect(end.status == 1)
    #expect(end.errors.contains("warning: the engine at ws://127.0.0.1:1 cannot be reached"), "\(end.errors)")
    let replayed = try await Program(["replay", file.path, "--", "true"]).end()
    #expect(replayed.status == 1 && replayed.errors.contains("`steps` is empty: nothing was recorded"), "\(replayed)")
  }

  @Test("files that are no recordings, and commands that cannot be started, end with the reason")
  func badInput() async throws {
    let text = try TemporaryFile("hello")
    let noRecording = try await Program("replay", text.path, "--", "true").end()
    #expect(noRecording.status == 1)
    #expect(
      noRecording.errors == "Error: \(text.path) is no recording of iii-dev record: it is not JSON from byte 0 on\n")
    let noFile = try await Program("replay", "/nonexistent/x.json", "--", "true").end()
    #expect(noFile.status == 1 && noFile.errors.contains("cannot read the recording /nonexistent/x.json"))
    let recording = try TemporaryFile(
      #"{"steps":[{"peer":"a","open":{"path":"/","headers":{},"port":"main"},"accepted":true}]}"#)
    let noCommand = try await Program("replay", recording.path, "--", "no-such-command").end()
    #expect(noCommand.status == 127 && noCommand.errors.contains("'no-such-command' could not be started"))
    let unrecorded = try await Program(
      "record", "--upstream", "ws://127.0.0.1:1", "-o", text.path, "--", "no-such-command"
    ).end()
    #expect(unrecorded.status == 127, "\(unrecorded)")
    let unwritable = try await Program("record", "--upstream", "ws://127.0.0.1:1", "-o", "/nonexistent/x", "--", "true")
      .end()
    #expect(unwritable.status == 1 && unwritable.errors.contains("cannot write the recording to /nonexistent/x"))
    let noWorker = try await Program("replay", recording.path, "--", "true").end()
    #expect(noWorker.status == 1)
    #expect(noWorker.errors.contains("the command has ended with status 0: a has not connected to /"), "\(noWorker)")
  }

  @Test("a command that does not do its part and ignores SIGTERM is killed")
  func stubborn() async throws {
    let recording = try TemporaryFile(
      #"{"steps":[{"peer":"a","open":{"path":"/","headers":{},"port":"main"},"accepted":true}]}"#)
    let end = try await Program(
      "replay", recording.path, "--timeout-ms", "100", "--", "sh", "-c",
      "trap '' TERM; while :; do sleep 0.1; done"
    ).end()
    #expect(end.status == 1)
    #expect(end.errors.contains("nothing came for 100 ms: a has not connected to /"), "\(end.errors)")
  }

  @Test(
    "command lines that are wrong are refused",
    arguments: [
      (["record"], "missing --upstream"),
      (["record", "--upstream", "x", "-o", "f"], "'--upstream': the URL has no scheme"),
      (["record", "--upstream", "wss://h", "-o", "f"], "wss:// cannot be recorded"),
      (["record", "--upstream", "ws://h/x", "-o", "f"], "the URL has a path"),
      (["record", "--upstream", "ws://h"], "missing --output"),
      (["record", "--upstream", "ws://h", "-o", "f", "pytest"], "as in -- pytest"),
      (["replay"], "missing FILE"), (["replay", "f"], "missing COMMAND"),
      (["replay", "f", "pytest"], "as in -- pytest"),
      (["replay", "f", "--timeout-ms", "0", "--", "true"], "'0' is not a number of milliseconds"),
    ])
  func usage(arguments: [String], text: String) async {
    let end = await run(arguments)
    #expect(end.status == .usage && end.errors.contains(text), "\(end.errors)")
  }

  @Test("the help of both names their options")
  func help() async {
    #expect(await run("record", "--help").output.contains("--upstream URL"))
    #expect(await run("replay", "-h").output.contains("--timeout-ms MS"))
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String { self + String(repeating: ".", count: max(0, count - utf8.count)) }
}
