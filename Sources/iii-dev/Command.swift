internal import IIIMockEngine

/// The whole command line: chooses the verb and prints its errors.
enum Command {
  enum Verb: String, CaseIterable {
    case trigger, demo, exec, record, replay
    case status, functions, workers, triggers, state, streams, queues, logs, traces
    case access, bench, config, completions, man
  }

  static func run(_ arguments: [String], console: Console = .standard) async -> ExitStatus {
    do {
      guard let first = arguments.first, !first.hasPrefix("-") else {
        return try await ServeCommand(ServeOptions(arguments), console: console).run()
      }
      let rest = Array(arguments.dropFirst())
      switch Verb(rawValue: first) {
      case .trigger: return try await TriggerCommand(TriggerOptions(rest), console: console).run()
      case .access: return try await AccessCommand(AccessOptions(rest), console: console).run()
      case .exec: return try await ExecCommand(ExecOptions(rest), console: console).run()
      case .record: return try await RecordCommand(RecordOptions(rest), console: console).run()
      case .replay: return try await ReplayCommand(ReplayOptions(rest), console: console).run()
      case .completions: return try CompletionsCommand(rest).run(console: console)
      case .man: return try ManCommand(rest).run(console: console)
      case .queues: return try await QueuesCommand(QueuesOptions(rest), console: console).run()
      case .bench: return try await BenchCommand(BenchOptions(rest), console: console).run()
      case .config: return try ConfigCommand(ConfigOptions(rest), console: console).run()
      case .status, .functions, .workers, .triggers, .state, .streams, .logs, .traces:
        guard let subject = ShowOptions.Subject(rawValue: first) else { throw unknownVerb(first) }
        return try await ShowCommand(ShowOptions(subject, rest), console: console).run()
      case .demo: return try await DemoCommand(DemoOptions(rest), console: console).run()
      case nil: throw unknownVerb(first)
      }
    } catch let error as UsageError {
      let verb = arguments.first.flatMap { Verb(rawValue: $0) }.map { "\($0.rawValue) " } ?? ""
      console.error("error: \(error.message)\nTry 'iii-dev \(verb)--help'.")
      return .usage
    } catch let error as ConfigurationError {
      console.error("Error: \(error)")
      return error.kind == .unsetVariable ? .unsetVariable : .failure
    } catch let error as Failure {
      console.error("Error: \(error.text)")
      return error.status
    } catch {
      console.error("Error: \(error)")
      return .failure
    }
  }

  private static func unknownVerb(_ name: String) -> UsageError {
    let meant = NearestName.of(name, among: Verb.allCases.map(\.rawValue))
    return UsageError(message: "unknown command '\(name)'" + (meant.map { "; did you mean '\($0)'?" } ?? ""))
  }
}

/// An invalid command line: status 2.
struct UsageError: Error, Equatable {
  let message: String
}

/// A failure of a verb at run time: its text is printed after `Error: `.
struct Failure: Error, Equatable {
  var text: String
  var status = ExitStatus.failure
  /// Whether the engine does not have the function that was called.
  var isUnknownFunction = false
}

/// The exit status of the process; the same numbers as the real engine's, and those of the command that `exec` runs.
struct ExitStatus: RawRepresentable, Equatable, Sendable {
  let rawValue: Int32

  static let success = ExitStatus(rawValue: 0)
  /// Something went wrong at run time, or the function that was called failed.
  static let failure = ExitStatus(rawValue: 1)
  /// The command line is invalid.
  static let usage = ExitStatus(rawValue: 2)
  /// The configuration needs a variable that is not set.
  static let unsetVariable = ExitStatus(rawValue: 101)
}
