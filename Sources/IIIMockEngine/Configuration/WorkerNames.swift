/// The workers that the real engine knows by name, and what this one does with them.
enum WorkerNames {
  static let workerManager = "iii-worker-manager"
  static let observability = "iii-observability"

  /// Have nothing that a file could set here.
  static let accepted: Set<String> = ["iii-engine-functions", "iii-telemetry"]

  /// Part of the real engine's program: they cannot have an `image`.
  private static let builtIn: Set<String> = accepted.union([
    workerManager, observability, "iii-http", "iii-stream", "iii-state", "iii-queue", "iii-pubsub", "iii-cron",
    "iii-http-functions", "iii-bridge", "iii-exec",
  ])

  /// Programs of their own.
  private static let external: Set<String> = ["iii-worker-ops", "iii-sandbox"]

  /// The one name behind both forms: `http` is `iii-http` since 0.22. Names that nobody knows stay as they are.
  static func canonical(_ name: String) -> String {
    let long = "iii-" + name
    return builtIn.contains(long) || external.contains(long) ? long : name
  }

  static func isBuiltIn(_ canonicalName: String) -> Bool { builtIn.contains(canonicalName) }

  /// What a name that nobody knows was probably meant to be.
  static func suggestion(for name: String) -> String? {
    let known = builtIn.union(external)
    guard !known.contains(canonical(name)) else { return nil }
    return NearestName.of(name, among: known.union(known.map { String($0.dropFirst(4)) }).sorted())
  }
}
