/// A function that the engine executes itself, under the worker of the engine that it belongs to.
///
/// Small and trivial to copy: every call on its way to a worker looks at one.
enum BuiltIn: Equatable {
  case core(CoreFunction)
  case observability(ObservabilityFunction)

  /// The functions of every engine, as entries of the function table.
  static var entries: [FunctionEntry] { entries(BuiltIn.core) + entries(BuiltIn.observability) }

  private static func entries<Family: BuiltInFamily>(_ make: (Family) -> BuiltIn) -> [FunctionEntry] {
    Family.allCases.map { $0.entry(make($0)) }
  }

  var id: String {
    switch self {
    case .core(let function): function.rawValue
    case .observability(let function): function.rawValue
    }
  }

  /// The worker of the engine that listings name as its owner.
  var owner: String {
    switch self {
    case .core: CoreFunction.owner
    case .observability: ObservabilityFunction.owner
    }
  }

  /// What its input is called in errors.
  var inputName: String {
    switch self {
    case .core(let function): function.inputName
    case .observability(let function): function.inputName
    }
  }
}
