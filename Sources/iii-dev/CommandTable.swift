/// What the command line offers: the one table from which the help, the completions and the man page are made.
enum CommandTable {
  /// A verb, or the engine itself.
  struct Entry: Sendable {
    /// `nil` for the engine itself.
    var verb: Command.Verb?
    /// The forms of its command line and what each does.
    let forms: [Form]
    /// What it does, as a sentence.
    let summary: String
    /// More about it, in lines for a terminal.
    var text = ""
    let options: [OptionDefinition]
    /// What its first operand may be.
    var operands: [String] = []
    /// Whether its first operand is a file.
    var takesFile = false
    /// Whether a command follows behind `--`.
    var takesCommand = false
    /// What the help ends with.
    var tip: String?
  }

  struct Form: Sendable {
    /// What follows the program's name.
    let usage: String
    let about: String
  }

  /// The engine, then the verbs in the order of the help.
  static let entries: [Entry] = [serve] + Command.Verb.allCases.map(entry)

  static let serve = Entry(
    forms: [Form(usage: "[OPTIONS]", about: "run the engine")], summary: "Run the engine.",
    options: ServeOptions.definitions)

  static func entry(_ verb: Command.Verb) -> Entry {
    var entry =
      switch verb {
      case .trigger: trigger
      case .demo: demo
      case .exec: exec
      case .record: record
      case .replay: replay
      case .access: access
      case .queues: queues
      case .bench: bench
      case .functions: show(.functions, "the functions that can be called", "functions")
      case .workers: show(.workers, "the connected workers", "workers")
      case .triggers: show(.triggers, "the triggers and their configurations", "triggers")
      case .state: state
      case .streams: streams
      case .logs: logs
      case .traces: traces
      case .status: status
      case .config: config
      case .completions: completions
      case .man: man
      }
    entry.verb = verb
    return entry
  }

  private static let trigger = Entry(
    forms: [
      Form(usage: "trigger FUNCTION [KEY=VALUE …] [OPTIONS]", about: "call a function and print its result")
    ],
    summary: "Call a function of a running engine and print its result.",
    text: """
      A VALUE that is valid JSON (10, true, [1,2], null) is sent as JSON, else as a string; if the
      function's schema says string, it is always a string. Without pairs and --json the payload is {}.
      The exit status is 0 for a result, 1 for a failure, 2 for an invalid command line.
      """, options: TriggerOptions.definitions,
    tip: "Tip: `iii-dev trigger FUNCTION --help` shows the parameters of a function.")

  private static let config = Entry(
    forms: [Form(usage: "config check FILE", about: "say whether a configuration file can be used")],
    summary: "Say whether a configuration file can be used, and what this engine ignores of it.",
    text: """
      The exit status is 0 if the file can be used, 1 if not, and 101 if it names a variable that is not set.
      """, options: ConfigOptions.definitions, operands: ["check"])

  private static let demo = Entry(
    forms: [Form(usage: "demo [OPTIONS]", about: "run the engine with a small worker, and call it")],
    summary: "Run the engine with a small Swift worker in the same process, make one call, and continue to serve.",
    options: DemoOptions.definitions)

  private static let exec = Entry(
    forms: [Form(usage: "exec [OPTIONS] -- COMMAND …", about: "run a command with an engine of its own")],
    summary: "Run a command with an engine of its own, on a free port of loopback.",
    text: """
      The command finds the engine's address in III_URL, that of HTTP triggers in III_HTTP_URL, and that of
      stream sockets in III_STREAM_URL. Its exit status is that of iii-dev; the engine's log is printed on
      stderr if it is not 0. The status is 127 if there is no such command, 126 if it cannot be executed, and
      128 + N if signal N ended it. SIGINT and SIGTERM are passed on; a command that does not end within 5 s
      after that is killed, and so it is by a second signal.
      """, options: ExecOptions.definitions, takesCommand: true)

  private static let record = Entry(
    forms: [
      Form(
        usage: "record --upstream URL -o FILE [OPTIONS] [-- COMMAND …]",
        about: "record what workers and an engine say")
    ],
    summary: "Record what workers and an engine say to each other, for `iii-dev replay`.",
    text: """
      Workers connect here instead of to the engine: to the address that is printed, or, with a COMMAND, to
      III_URL. The file is written when the command ends or SIGINT or SIGTERM comes; with a command the exit
      status is the command's. Ids, time stamps and secrets of connections become placeholders. Payloads
      are recorded as they are. Telemetry (/otel) is passed on and not recorded.
      """, options: RecordOptions.definitions, takesCommand: true)

  private static let replay = Entry(
    forms: [
      Form(
        usage: "replay FILE [OPTIONS] -- COMMAND …", about: "play the engine's side of a recording")
    ],
    summary: "Play the engine's side of a recording to a command, and report the first difference.",
    text: """
      The command finds the address in III_URL. What the engine said is sent in the recorded order, each
      message as soon as all that workers did before it has happened again. What workers say must be what
      was recorded, but may come in another order, as an SDK's tasks run at the same time. The exit status
      is 0 without a difference, 1 with one, and the command's own if that is not 0; 126 or 127 if the
      command cannot be started. A command that goes on after the end of the recording is told to end by
      SIGTERM, and killed after 5 s.
      """, options: ReplayOptions.definitions, takesFile: true, takesCommand: true)

  private static let access = Entry(
    forms: [
      Form(usage: "access explain FUNCTION [OPTIONS]", about: "say whether a function may be called, and why")
    ],
    summary: "Say whether a function may be called, and which rule of access control decides.",
    text: """
      For a new connection to a listener its auth function is asked, with the headers and the query given
      here; for a connected worker (--worker) its session counts. The rules are shown in the order in which
      they are read, up to the one that decides. The exit status is 0 for allowed, 1 for denied.
      A strict engine does not answer.
      """, options: AccessOptions.definitions, operands: ["explain"])

  private static let queues = Entry(
    forms: [
      Form(usage: "queues [list]", about: "all queues and topics, with the numbers of their jobs"),
      Form(usage: "queues show QUEUE", about: "the jobs that wait, are in flight or wait for a retry"),
      Form(usage: "queues dead QUEUE", about: "the dead letters, newest first, and why"),
      Form(usage: "queues redrive QUEUE [ID]", about: "move all dead letters, or one, back to the queue"),
      Form(usage: "queues discard QUEUE [ID]", about: "remove all dead letters, or one"),
      Form(usage: "queues clear QUEUE", about: "remove all jobs that are not in flight"),
      Form(usage: "queues pause QUEUE", about: "stop deliveries"),
      Form(usage: "queues resume QUEUE", about: "deliver again"),
    ],
    summary: "Show and control the queues of a running engine.",
    text: """
      The exit status is 0, or 1 if the message with ID is not there or the engine has no such queue.
      A strict engine does not answer.
      """, options: QueuesOptions.definitions,
    operands: ["list", "show", "dead", "redrive", "discard", "clear", "pause", "resume"])

  private static let bench = Entry(
    forms: [Form(usage: "bench [ADDRESS] [OPTIONS]", about: "measure calls through any engine")],
    summary: "Measure calls between two workers of the SDK through a running engine, mock or real.",
    text: """
      ADDRESS is HOST, HOST:PORT or ws://… (default: $III_URL, else localhost). The table has the rate, and
      the median and 99th percentile of the time that a call takes, with 1, 16 and 64 callers.
      """, options: BenchOptions.definitions)

  private static func show(_ subject: ShowOptions.Subject, _ about: String, _ name: String) -> Entry {
    Entry(
      forms: [Form(usage: "\(name) [TEXT] [OPTIONS]", about: about)],
      summary: "Show \(about) of a running engine; with TEXT those that contain it.", options: subject.definitions)
  }

  private static let state = Entry(
    forms: [
      Form(usage: "state", about: "the scopes of iii-state"),
      Form(usage: "state SCOPE", about: "the keys and values of a scope"),
      Form(usage: "state SCOPE KEY", about: "a value, as JSON"),
    ],
    summary: "Show what iii-state of a running engine keeps.",
    text: """
      The exit status is 1 if there is no such key. A strict engine, and the real one, do not name the keys
      of a scope.
      """, options: ShowOptions.Subject.state.definitions)

  private static let streams = Entry(
    forms: [
      Form(usage: "streams", about: "the streams of iii-stream and their groups"),
      Form(usage: "streams STREAM", about: "the groups of a stream"),
      Form(usage: "streams STREAM GROUP", about: "the items of a group"),
      Form(usage: "streams STREAM GROUP ITEM", about: "an item, as JSON"),
    ],
    summary: "Show what iii-stream of a running engine keeps.",
    text: """
      The exit status is 1 if there is no such item. A strict engine, and the real one, do not name the items
      of a group.
      """, options: ShowOptions.Subject.streams.definitions)

  private static let logs = Entry(
    forms: [Form(usage: "logs [--follow] [OPTIONS]", about: "show what workers have logged")],
    summary: "Show what workers have logged, oldest first; with --follow also what they log from now on.",
    text: """
      With --follow it ends when the connection does, with the exit status 1; with --json it then prints a
      record in each line.
      """, options: ShowOptions.Subject.logs.definitions)

  private static let traces = Entry(
    forms: [
      Form(usage: "traces", about: "the traces, newest first"),
      Form(usage: "traces ID", about: "the spans of a trace, each below its parent"),
    ],
    summary: "Show the traces that workers have reported.",
    options: ShowOptions.Subject.traces.definitions)

  private static let status = Entry(
    forms: [Form(usage: "status [OPTIONS]", about: "show an engine's ports and what is connected")],
    summary: "Show the ports and the version of a running engine, and what is connected and registered.",
    options: ShowOptions.Subject.status.definitions)

  /// The verb that shows something.
  static func verb(of subject: ShowOptions.Subject) -> Command.Verb {
    switch subject {
    case .functions: .functions
    case .workers: .workers
    case .triggers: .triggers
    case .state: .state
    case .streams: .streams
    case .logs: .logs
    case .traces: .traces
    case .status: .status
    }
  }

  private static let completions = Entry(
    forms: [Form(usage: "completions bash|zsh|fish", about: "print the completions for a shell")],
    summary: "Print the completions of iii-dev for a shell.",
    text: """
      For the present shell: source <(iii-dev completions bash), the same for zsh, and for fish
      iii-dev completions fish | source. `make install` installs them for all shells.
      """, options: [.help], operands: Shell.allCases.map(\.rawValue))

  private static let man = Entry(
    forms: [Form(usage: "man", about: "print the man page")],
    summary: "Print the man page of iii-dev, for `man -l -`.", options: [.help])
}
