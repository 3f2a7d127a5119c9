extension MockEngine {
  /// A worker that is part of the engine and that a configuration can switch on and off.
  ///
  /// ```swift
  /// var configuration = MockEngine.Configuration()
  /// configuration.builtIns.remove(.observability)
  /// ```
  public struct BuiltIn: Sendable, Hashable, CustomStringConvertible {
    /// The worker's name in a configuration file, as `iii-observability`.
    public let name: String

    init(name: String) { self.name = name }

    /// All built-in workers that can be switched off.
    public static var all: Set<BuiltIn> {
      Set(
        BuiltInCatalog.all.filter { $0.presence != .always && $0.presence != .listed }.map {
          BuiltIn(name: $0.workerName)
        })
    }

    /// The worker's name.
    public var description: String { name }
  }
}

extension MockEngine.BuiltIn {
  /// `iii-observability`: keeps what workers report of spans, metrics and logs, and provides the trigger type `log`.
  /// Without it only what workers log by calling `engine::log::…` is kept.
  public static let observability = MockEngine.BuiltIn(name: ObservabilitySettings.workerName)
}

/// The settings of an engine's built-in workers, at most one of each kind.
struct BuiltInSelection: Sendable {
  private var settings: [any BuiltInSettings] = []

  /// The settings of a kind, if they were set.
  func find<Settings: BuiltInSettings>(_ kind: Settings.Type) -> Settings? {
    for one in settings { if let found = one as? Settings { return found } }
    return nil
  }

  func find(named name: String) -> (any BuiltInSettings)? { settings.first { type(of: $0).workerName == name } }

  mutating func set(_ new: some BuiltInSettings) {
    settings.removeAll { type(of: $0) == type(of: new) }
    settings.append(new)
  }

  /// Gives a kind, by its name, the settings that it had; `nil`: none.
  mutating func set(_ old: (any BuiltInSettings)?, named name: String) {
    settings.removeAll { type(of: $0).workerName == name }
    if let old { settings.append(old) }
  }

  /// The settings of the workers that an engine has, in the order of the catalogue: with those of `names` on, the
  /// others off, and what was not set at its defaults.
  func resolved(on names: Set<MockEngine.BuiltIn>) -> [any BuiltInSettings] {
    BuiltInCatalog.all.compactMap { kind in
      let isOn = kind.presence == .always || names.contains(MockEngine.BuiltIn(name: kind.workerName))
      guard isOn || kind.presence == .reduced else { return nil }
      var one = settings.first { type(of: $0) == kind } ?? kind.init(environment: Variables([:]), isOn: isOn)
      one.isOn = isOn
      return one
    }
  }
}
