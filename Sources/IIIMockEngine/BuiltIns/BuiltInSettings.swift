/// What one kind of built-in worker is set to. Reading the worker's entry of a configuration file stands with the worker.
protocol BuiltInSettings: Sendable {
  /// The worker's name in a configuration file, as `iii-state`.
  static var workerName: String { get }

  /// Whether every engine has the worker, with or without an entry in its file.
  static var isAlwaysOn: Bool { get }

  /// The ids of the trigger types that the worker provides: where it is off, their triggers are refused in its name.
  static var triggerTypes: [String] { get }

  /// What holds where no file sets anything.
  ///
  /// - Parameter isOn: `false` for a worker that is always on but has no entry in the file.
  init(environment: Variables, isOn: Bool)

  /// Reads the worker's entry. Faults name the line and column.
  ///
  /// - Parameter warnings: Gets a line for each thing that the entry asks for and that this engine does not have.
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault)

  func makeWorker() -> any BuiltInWorker
}

extension BuiltInSettings {
  static var isAlwaysOn: Bool { false }
  static var triggerTypes: [String] { [] }
}
