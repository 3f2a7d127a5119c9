/// The texts of `--help`.
enum Help {
  static var main: String {
    """
    iii-dev \(packageVersion): the iii engine for local development

    Usage:
      iii-dev [OPTIONS]                                run the engine
      iii-dev trigger FUNCTION [KEY=VALUE …] [OPTIONS] call a function and print its result
      iii-dev demo [OPTIONS]                           run the engine with a small worker, and call it
      iii-dev exec [OPTIONS] -- COMMAND …              run a command with an engine of its own
      iii-dev access explain FUNCTION [OPTIONS]        say whether a function may be called, and why
      iii-dev queues [COMMAND QUEUE] [OPTIONS]         show the queues of an engine, and control them

    Options:
    \(table(ServeOptions.definitions))

    `iii-dev VERB --help` shows the options of a verb.

    """
  }

  static var trigger: String {
    """
    Call a function of a running engine and print its result.

    Usage: iii-dev trigger FUNCTION [KEY=VALUE …] [OPTIONS]

      A VALUE that is valid JSON (10, true, [1,2], null) is sent as JSON, else as a string; if the
      function's schema says string, it is always a string. Without pairs and --json the payload is {}.
      The exit status is 0 for a result, 1 for a failure, 2 for an invalid command line.

    Options:
    \(table(TriggerOptions.definitions))

    Tip: `iii-dev trigger FUNCTION --help` shows the parameters of a function.

    """
  }

  static var access: String {
    """
    Say whether a function may be called, and which rule of access control decides.

    Usage: iii-dev access explain FUNCTION [OPTIONS]

      For a new connection to a listener its auth function is asked, with the headers and the query given
      here; for a connected worker (--worker) its session counts. The rules are shown in the order in which
      they are read, up to the one that decides. The exit status is 0 for allowed, 1 for denied.
      A strict engine does not answer.

    Options:
    \(table(AccessOptions.definitions))

    """
  }

  static var exec: String {
    """
    Run a command with an engine of its own, on a free port of loopback.

    Usage: iii-dev exec [OPTIONS] -- COMMAND …

      The command finds the engine's address in III_URL, that of HTTP triggers in III_HTTP_URL, and that of
      stream sockets in III_STREAM_URL. Its exit status is that of iii-dev; the engine's log is printed on
      stderr if it is not 0. The status is 127 if there is no such command, 126 if it cannot be executed, and
      128 + N if signal N ended it. SIGINT and SIGTERM are passed on; a command that does not end within 5 s
      after that is killed, and so it is by a second signal.

    Options:
    \(table(ExecOptions.definitions))

    """
  }

  static var queues: String {
    """
    Show the queues of a running engine, and control them.

    Usage:
      iii-dev queues [list]                  all queues and topics, with the numbers of their jobs
      iii-dev queues show QUEUE              the jobs that wait, are in flight or wait for a retry
      iii-dev queues dead QUEUE              the dead letters, newest first, and why
      iii-dev queues redrive QUEUE [ID]      move all dead letters, or one, back to the queue
      iii-dev queues discard QUEUE [ID]      remove all dead letters, or one
      iii-dev queues clear QUEUE             remove all jobs that are not in flight
      iii-dev queues pause QUEUE             stop deliveries
      iii-dev queues resume QUEUE            deliver again

      The exit status is 0, or 1 if the message with ID is not there or the engine has no such queue.
      A strict engine does not answer.

    Options:
    \(table(QueuesOptions.definitions))

    """
  }

  static var demo: String {
    """
    Run the engine with a small Swift worker in the same process, make one call, and continue to serve.

    Usage: iii-dev demo [OPTIONS]

    Options:
    \(table(DemoOptions.definitions))

    """
  }

  /// The options in a table with aligned columns.
  static func table(_ options: [OptionDefinition]) -> String {
    let width = options.map(\.synopsis.count).max() ?? 0
    return options.map { option in
      "  " + option.synopsis + String(repeating: " ", count: width - option.synopsis.count + 2) + option.help
    }.joined(separator: "\n")
  }
}
