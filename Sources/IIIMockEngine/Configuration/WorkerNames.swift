/// The names of workers in configuration files.
enum WorkerNames {
  static let workerManager = "iii-worker-manager"
  static let telemetry = "iii-telemetry"
  /// Runs commands beside the real engine.
  static let exec = "iii-exec"

  /// Part of the real engine's program: they cannot have an `image`.
  private static let builtIn = Set(BuiltInCatalog.names + [workerManager, telemetry])

  /// Programs of their own.
  private static let external: Set<String> = ["iii-worker-ops", "iii-sandbox"]

  /// The canonical form of a name: `http` is `iii-http` since 0.22. Unknown names stay as they are.
  static func canonical(_ name: String) -> String {
    let long = "iii-" + name
    return builtIn.contains(long) || external.contains(long) ? long : name
  }

  static func isBuiltIn(_ canonicalName: String) -> Bool { builtIn.contains(canonicalName) }

  /// The known name that an unknown one was probably meant to be.
  static func suggestion(for name: String) -> String? {
    let known = builtIn.union(external)
    guard !known.contains(canonical(name)) else { return nil }
    return NearestName.of(name, among: known.union(known.map { String($0.dropFirst(4)) }).sorted())
  }
}
