internal import UV

/// How often a test repeats what a random run has to show.
package enum Proofs {
  private static let extent = SystemInfo.environment("III_PROOFS")

  /// Whether the full counts are asked for: `III_PROOFS=full`, as `make proofs` sets it.
  package static let isFull = extent == "full"

  /// `suite` times in the suite, `full` times in `make proofs`, `short` times under a sanitizer, which makes every step many times
  /// slower: `.ci/run` sets `III_PROOFS=short` then.
  package static func count(suite: Int, full: Int, short: Int? = nil) -> Int {
    switch extent {
    case "full": full
    case "short": short ?? suite
    default: suite
    }
  }
}
