import Foundation

/// A run of the built `iii-dev`. Killed if its test ends before it.
final class Program {
  private let process = Process()
  private var output: AsyncStream<String>.AsyncIterator
  private var errors: AsyncStream<String>.AsyncIterator
  private var statuses: AsyncStream<Int32>.AsyncIterator

  init(_ arguments: [String], variables: [String: String] = [:]) throws {
    let (out, err) = (Pipe(), Pipe())
    let (statuses, status) = AsyncStream.makeStream(of: Int32.self)
    process.executableURL = Self.url
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = out
    process.standardError = err
    process.terminationHandler = { process in
      status.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
    }
    output = Self.lines(of: out.fileHandleForReading).makeAsyncIterator()
    errors = Self.lines(of: err.fileHandleForReading).makeAsyncIterator()
    self.statuses = statuses.makeAsyncIterator()
    try process.run()
  }

  convenience init(_ arguments: String..., variables: [String: String] = [:]) throws {
    try self.init(arguments, variables: variables)
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// Waits for a line of its output that begins so, and gives what follows; `nil` if the output ends before.
  func line(after prefix: String) async -> String? {
    while let line = await output.next() {
      if line.hasPrefix(prefix) { return String(line.dropFirst(prefix.count)) }
    }
    return nil
  }

  /// The URL of the next ready line.
  func url() async -> String? { await line(after: "iii-dev listening on ") }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits for its end: the status (a signal's number below zero), and what of both outputs was not read yet.
  func end() async -> (status: Int32?, output: String, errors: String) {
    var (outText, errText) = ("", "")
    while let line = await output.next() { outText += line + "\n" }
    while let line = await errors.next() { errText += line + "\n" }
    return (await statuses.next(), outText, errText)
  }

  /// The lines of a pipe, read by a thread of its own: tests do not block the threads that tasks run on.
  private static func lines(of handle: FileHandle) -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    Thread.detachNewThread {
      var rest = Data()
      while case let chunk = handle.availableData, !chunk.isEmpty {
        rest += chunk
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest = Data(rest[(end + 1)...])
        }
      }
      if !rest.isEmpty { continuation.yield(String(decoding: rest, as: UTF8.self)) }
      continuation.finish()
    }
    return stream
  }

  /// Beside the bundle of the tests.
  private static var url: URL {
    for argument in CommandLine.arguments {
      var folder = URL(fileURLWithPath: argument)
      while folder.path.contains(".xctest") {
        folder.deleteLastPathComponent()
        if !folder.path.contains(".xctest") { return folder.appendingPathComponent("iii-dev") }
      }
    }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent(".build/debug/iii-dev")
  }
}
