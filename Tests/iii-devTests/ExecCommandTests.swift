import Foundation
import Testing

@testable import iii_dev

/// `iii-dev exec`, as users run it.
@Suite(.timeLimit(.minutes(5))) struct ExecCommandTests {
  @Test("the command finds the engine in III_URL, and its status is passed on, with the log if it fails")
  func status() async throws {
    for (status, hasLog) in [(Int32(0), false), (3, true)] {
      let end = try await Program("exec", "--", "sh", "-c", "echo $III_URL $III_HTTP_URL; exit \(status)").end()
      #expect(end.status == status)
      #expect(end.output.hasPrefix("ws://127.0.0.1:") && end.output.contains(" http://127.0.0.1:"), "\(end.output)")
      #expect(end.errors.contains("istening") == hasLog, "\(end.errors)")
    }
  }

  @Test("the command can call the engine and move its manual clock")
  func manualClock() async throws {
    let program = Program.url(of: "iii-dev").path
    let script = """
      "$0" trigger mock::clock::advance milliseconds=90000 --port "${III_URL##*:}"
      """
    let end = try await Program("exec", "--manual-clock", "--", "sh", "-c", script, program).end()
    #expect(end.status == 0, "\(end.errors)")
    #expect(end.output.contains("2026-01-01T00:01:30+00:00"), "\(end.output)")
  }

  @Test("a command that cannot be started has the status that a shell gives it")
  func notStarted() async throws {
    let missing = try await Program("exec", "--", "no-such-command", "x").end()
    #expect(missing.status == 127)
    #expect(missing.errors == "Error: the command 'no-such-command' could not be started: it was not found\n")
    let file = try TemporaryFile("#!/bin/sh\n")
    let plain = try await Program("exec", "--", file.path).end()
    #expect(plain.status == 126)
    #expect(plain.errors.hasPrefix("Error: the command '\(file.path)' could not be started: permission denied"))
    let config = try await Program("exec", "--config", "/no/such/file", "--", "true").end()
    #expect(config.status == 1 && config.errors.contains("/no/such/file"), "\(config.errors)")
  }

  @Test("a signal is passed on to the command, and a command that ignores it is killed by the next one")
  func signals() async throws {
    let obedient = try Program("exec", "--", "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done")
    #expect(await obedient.line(after: "ready") != nil)
    obedient.send(SIGTERM)
    #expect(await obedient.end().status == 7)

    let stubborn = try Program(
      "exec", "--", "sh", "-c", "trap 'echo again' TERM; echo ready; while :; do sleep 0.1; done")
    #expect(await stubborn.line(after: "ready") != nil)
    stubborn.send(SIGTERM)
    #expect(await stubborn.line(after: "again") != nil)
    stubborn.send(SIGTERM)
    #expect(await stubborn.end().status == 128 + SIGKILL)

    let killed = try await Program("exec", "--", "sh", "-c", "kill -9 $$").end()
    #expect(killed.status == 128 + SIGKILL)
  }

  @Test(
    "command lines that are wrong are refused",
    arguments: [
      (["exec"], "missing COMMAND: iii-dev exec -- COMMAND …"),
      (["exec", "--"], "missing COMMAND"),
      (["exec", "pytest", "-x"], "unknown option '-x'"),
      (["exec", "pytest"], "the command goes behind `--`, as in -- pytest"),
      (["exec", "--strict", "--manual-clock", "--", "true"], "exclude each other"),
      (["--strict", "--manual-clock"], "exclude each other"),
    ])
  func usage(arguments: [String], text: String) async {
    let result = await Command.run(arguments, console: Console(writeOut: { _ in }, writeError: { _ in }))
    #expect(result == .usage)
    let end = try? await Program(arguments).end()
    #expect(end?.status == 2 && end?.errors.contains(text) == true, "\(end?.errors ?? "")")
  }

  @Test("the help names the options")
  func help() async {
    let help = await run("exec", "--help")
    #expect(help.status == .success && help.output.contains("--manual-clock") && help.output.contains("III_URL"))
  }
}
