internal import III
internal import Transcripts
internal import UV

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// `iii-dev record`: passes connections on to an engine, and writes what workers and the engine say into a file.
struct RecordCommand {
  private let options: RecordOptions
  private let console: Console

  init(_ options: RecordOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.text(of: .record))
      return .success
    }
    // Before anything is recorded: a file that cannot be written is known at once. Payloads may be confidential.
    let file = open(options.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw Failure(text: "cannot write the recording to \(options.output): \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    let loop = try Loop(name: "iii-dev record")
    let session = Lock<LoopBound<RecordSession>?>(nil)
    let options = options
    let console = console
    let result: Result<RecordSession.End, Failure> = await withCheckedContinuation { continuation in
      loop.post {
        do throws(Failure) {
          let recording = try RecordSession(options, on: loop, console) { continuation.resume(returning: .success($0)) }
          session.withLock { $0 = LoopBound(recording, on: loop) }
          try recording.start()
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    _ = await loop.stop()
    session.withLock { $0 = nil }
    let end = try result.get()
    let transcript = Transcript(
      name: Self.name(of: options.output), about: "Recorded at \(options.upstream.origin).", config: "recorded",
      steps: end.conversation.steps)
    guard FileDescriptor.write(transcript.text, to: file) else {
      throw Failure(text: "cannot write the recording to \(options.output): \(String(cString: strerror(errno)))")
    }
    if end.conversation.isCut {
      console.error("warning: messages after the first 256 MiB are not in the recording")
    }
    console.error("recorded \(end.conversation.steps.count) steps in \(options.output)")
    return end.status
  }

  /// The file's name without its folder and its ending.
  private static func name(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}

/// A proxy and, if there is one, the command that connects to it. Confined to its loop.
private final class RecordSession {
  struct End: Sendable {
    let conversation: RecordedConversation
    let status: ExitStatus
  }

  private let options: RecordOptions
  private let loop: Loop
  private let console: Console
  private var ended: ((End) -> Void)?
  private var conversation = RecordedConversation()
  private var connections: [ObjectIdentifier: ProxiedConnection] = [:]
  private var command: ChildCommand?

  init(_ options: RecordOptions, on loop: Loop, _ console: Console, _ ended: @escaping (End) -> Void) throws(Failure) {
    self.options = options
    self.loop = loop
    self.console = console
    self.ended = ended
  }

  func start() throws(Failure) {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: options.port) else { return }
    let listener: TCPListener
    do throws(UVError) {
      listener = try TCPListener.listen(on: loop, at: address) { [self] in accepted($0) }
      if options.command.isEmpty {
        for signal in [SIGINT, SIGTERM] { _ = try SignalWatcher(signal, on: loop) { [self] in finish(.success) } }
      }
    } catch {
      throw Failure(text: "cannot listen at \(address): \(error)")
    }
    let url = "ws://\(listener.address)"
    guard !options.command.isEmpty else { return console.out("iii-dev record listening on \(url)") }
    command = try ChildCommand(options.command, variables: [("III_URL", url)], on: loop) { [self] end in
      finish(ExitStatus(of: end))
    }
  }

  private func accepted(_ stream: TCPStream) {
    let connection = ProxiedConnection(
      stream, upstream: options.upstream, on: loop,
      .init(
        record: { [self] change in change(&conversation) }, warn: { [console] in console.error("warning: \($0)") },
        ended: { [self] in connections[ObjectIdentifier($0)] = nil }))
    connections[ObjectIdentifier(connection)] = connection
    connection.start()
  }

  private func finish(_ status: ExitStatus) {
    let ended = ended
    self.ended = nil
    ended?(End(conversation: conversation, status: status))
  }
}

/// The command line of `record`.
struct RecordOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(name: "--upstream", value: "URL", help: "The engine, as ws://127.0.0.1:49134 (required)"),
    OptionDefinition(name: "--output", short: "-o", value: "FILE", help: "The file for the recording (required)"),
    OptionDefinition(name: "--port", value: "PORT", help: "The port for workers (default: a free one)"),
    .help,
  ]

  private(set) var upstream: WebSocketURL
  private(set) var output = ""
  private(set) var port: UInt16 = 0
  private(set) var command: [String] = []
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    let parsed = try ParsedArguments(Array(arguments[..<end]), options: Self.definitions)
    wantsHelp = parsed.has("--help")
    command = Array(arguments[end...].dropFirst())
    let text = parsed["--upstream"] ?? (wantsHelp ? "ws://localhost" : "")
    if text.isEmpty { throw UsageError(message: "missing --upstream: the URL of the engine, as ws://127.0.0.1:49134") }
    do throws(WebSocketURLError) { upstream = try WebSocketURL(text) } catch {
      throw UsageError(message: "option '--upstream': \(error)")
    }
    if wantsHelp { return }
    if upstream.isSecure {
      throw UsageError(message: "option '--upstream': wss:// cannot be recorded; use an engine with ws://")
    }
    guard upstream.target == "/" else {
      throw UsageError(message: "option '--upstream': the URL has a path; workers' own paths are used")
    }
    if let operand = parsed.operands.first {
      throw UsageError(message: "unexpected argument '\(operand)': a command goes behind `--`, as in -- \(operand)")
    }
    guard let output = parsed["--output"], !output.isEmpty else {
      throw UsageError(message: "missing --output: the file for the recording")
    }
    self.output = output
    if let text = parsed["--port"] { port = try PortArgument.parse(text, allowsAny: true) }
  }
}
