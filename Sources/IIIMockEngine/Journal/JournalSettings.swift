/// How much of what happens in an engine its journal keeps.
///
/// ```swift
/// var configuration = MockEngine.Configuration()
/// configuration.journal.maxEntries = 100_000
/// ```
public struct JournalSettings: Sendable, Hashable {
  /// Whether the journal records entries. Calls are counted in any case. True by default.
  public var isOn = true
  /// The most entries that are kept; the oldest are dropped. 10,000 by default.
  public var maxEntries = 10_000
  /// The most bytes that are kept of frames, in all. 64 MiB by default.
  public var maxBytes = 64 << 20
  /// The most bytes that are kept of one frame; the rest is cut off. 64 KiB by default.
  public var maxFrameBytes = 64 << 10

  /// The defaults.
  public init() {}
}
