internal import III

/// The type of telemetry in a binary message: four letters, followed by OTLP as JSON.
enum TelemetryKind: String {
  case traces = "OTLP"
  case metrics = "MTRC"
  case logs = "LOGS"

  /// `nil` if the message is not telemetry.
  init?(_ message: ByteView) {
    guard message.count >= 4 else { return nil }
    let prefix = message.prefix(4)
    if prefix == "OTLP" {
      self = .traces
    } else if prefix == "MTRC" {
      self = .metrics
    } else if prefix == "LOGS" {
      self = .logs
    } else {
      return nil
    }
  }
}
