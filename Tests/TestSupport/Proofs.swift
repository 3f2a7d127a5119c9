internal import UV

/// How often a test repeats what a random run has to show.
package enum Proofs {
  /// Whether the full counts are asked for: `III_PROOFS=full`, as `make proofs` sets it.
  package static let isFull = SystemInfo.environment("III_PROOFS") == "full"

  /// `suite` times in the suite, `full` times in `make proofs`.
  package static func count(suite: Int, full: Int) -> Int { isFull ? full : suite }
}
