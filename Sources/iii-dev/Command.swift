internal import IIIMockEngine

/// The command line as a whole: which verb it is, and what becomes of its errors.
enum Command {
  enum Verb: String, CaseIterable {
    case trigger, demo
  }

  static func run(_ arguments: [String], console: Console = .standard) async -> ExitStatus {
    do {
      guard let first = arguments.first, !first.hasPrefix("-") else {
        return try await ServeCommand(ServeOptions(arguments), console: console).run()
      }
      let rest = Array(arguments.dropFirst())
      switch Verb(rawValue: first) {
      case .trigger: return try await TriggerCommand(TriggerOptions(rest), console: console).run()
      case .demo: return try await DemoCommand(DemoOptions(rest), console: console).run()
      case nil: throw unknownVerb(first)
      }
    } catch let error as UsageError {
      console.error("error: \(error.message)\nTry 'iii-dev --help'.")
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
