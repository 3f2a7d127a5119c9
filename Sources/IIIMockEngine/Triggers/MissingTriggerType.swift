internal import III

/// The error of a trigger whose type has no provider.
enum MissingTriggerType {
  /// The worker of the engine that provides a built-in type, where one does.
  static func worker(for type: ByteKey) -> String? {
    switch type.text {
    case "http": "iii-http"
    case "cron": "iii-cron"
    case "subscribe": "iii-pubsub"
    case "state": "iii-state"
    case "durable:subscriber": "iii-queue"
    case "stream", "stream:join", "stream:leave": "iii-stream"
    case "log": "iii-observability"
    default: nil
    }
  }

  /// The real engine's words, which name the worker that would provide a built-in type.
  static func text(_ type: ByteKey) -> String {
    if let worker = worker(for: type) {
      return "Trigger type \"\(type)\" not found — worker \(worker) is missing. Run: iii worker add \(worker)"
    }
    return "Trigger type \"\(type)\" not found"
  }
}
