/// What one kind of built-in worker is set to. Reading the worker's entry of a configuration file stands with the worker.
protocol BuiltInSettings: Sendable {
  /// The worker's name in a configuration file, as `iii-state`.
  static var workerName: String { get }

  /// Whether an engine has the worker where it is not asked for.
  static var presence: BuiltInPresence { get }

  /// The ids of the trigger types that the worker provides: where it is off, errors for their triggers name it.
  static var triggerTypes: [String] { get }

  /// The settings without an entry in a configuration file.
  ///
  /// - Parameter isOn: Whether the worker is asked for; `false` only for a worker whose presence is `.reduced`.
  init(environment: Variables, isOn: Bool)

  /// Reads the worker's entry. Faults name the line and column.
  ///
  /// - Parameter warnings: Gets a line for each thing that the entry asks for and that this engine does not have.
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault)

  /// Whether the settings themselves switch the worker on.
  var isOn: Bool { get set }

  /// Whether a worker with other settings takes the place of the present one, which ends, where `reload` of the worker
  /// cannot change them.
  func replaces(_ old: any BuiltInSettings) -> Bool

  func makeWorker() -> any BuiltInWorker
}

/// Whether an engine has a built-in worker.
enum BuiltInPresence {
  /// Always, and it cannot be switched off.
  case always
  /// Always; where it is switched off it provides less.
  case reduced
  /// Only where it is asked for.
  case optional
  /// Only where a configuration file has an entry for it.
  case listed
}

extension BuiltInSettings {
  static var presence: BuiltInPresence { .optional }
  static var triggerTypes: [String] { [] }

  func replaces(_ old: any BuiltInSettings) -> Bool { isOn != old.isOn }

  /// A worker that is there is on.
  var isOn: Bool {
    get { true }
    set {}
  }
}
