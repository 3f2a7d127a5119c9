/// What a worker tells the engine about the project it belongs to. Shown by the engine's lists of workers.
public struct TelemetryOptions: Sendable, Hashable {
  /// The user's language; by default `LANG` up to its first dot, as `en_GB`.
  public var language: String?
  /// The project's name; by default the name of the package in the current directory's `Package.swift`, else that directory's name.
  public var projectName: String?
  /// The framework that the worker is written with; `iii-swift` by default.
  public var framework: String?
  /// A key for Amplitude; none by default.
  public var amplitudeAPIKey: String?

  /// Creates options; what is `nil` gets its default.
  public init(
    language: String? = nil, projectName: String? = nil, framework: String? = nil, amplitudeAPIKey: String? = nil
  ) {
    self.language = language
    self.projectName = projectName
    self.framework = framework
    self.amplitudeAPIKey = amplitudeAPIKey
  }
}
