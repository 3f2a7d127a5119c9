/// Records of the engine's log.
public struct LogTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `log`.
  public static let triggerType = "log"
  /// Which records.
  public enum Level: String, Sendable, Codable {
    /// All of them.
    case all
    /// Of level debug.
    case debug
    /// Of level info.
    case info
    /// Of level warn.
    case warn
    /// Of level error.
    case error
  }

  /// The level; all where there is none.
  public var level: Level?

  /// A configuration of these members.
  public init(level: Level? = nil) {
    self.level = level
  }

  private enum CodingKeys: String, CodingKey {
    case level
  }
}
