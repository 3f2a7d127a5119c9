/// What of `iii-observability` this engine honours.
package struct ObservabilitySettings: Sendable, Hashable {
  package enum Format: Sendable, Hashable { case text, json }

  /// Whether calls are traced.
  package var isEnabled: Bool
  package var filter = LogFilter()
  package var format = Format.text

  /// Without an entry: off, unless `OTEL_ENABLED` says otherwise.
  package init(environment: Variables) {
    isEnabled = Self.isEnabled(by: environment) ?? false
  }

  /// What `OTEL_ENABLED` says, if anything.
  static func isEnabled(by environment: Variables) -> Bool? {
    environment["OTEL_ENABLED"].map { $0 == "1" || $0.lowercased() == "true" }
  }
}
