/// Random sequences of steps, played on a subject and on a model of it.
package enum RandomSequences {
  /// How many are played.
  package static let count = Proofs.count(suite: 1000, full: 100_000)

  /// Plays sequences until one shows a difference, and shortens that one.
  ///
  /// - Parameters:
  ///   - part: Which of `parts` equal parts of the sequences are played, so that parts run in parallel.
  ///   - length: How many steps a sequence has.
  ///   - step: A random step.
  ///   - difference: Plays a sequence from the start; what differs from the model, `nil` if nothing does.
  /// - Returns: The seed, the shortest sequence found and its difference; `nil` if there is none.
  package static func firstDifference<Step>(
    part: Int = 0, of parts: Int = 1, length: Int, step: (inout SeededGenerator) -> Step,
    difference: ([Step]) -> String?
  ) -> String? {
    for seed in stride(from: part, to: count, by: parts) {
      var random = SeededGenerator(seed: UInt64(seed))
      let steps = (0..<length).map { _ in step(&random) }
      guard difference(steps) != nil else { continue }
      let few = shortened(steps, difference)
      return "seed \(seed): \(few): \(difference(few) ?? "")"
    }
    return nil
  }

  /// Leaves steps out for as long as there is a difference.
  private static func shortened<Step>(_ steps: [Step], _ difference: ([Step]) -> String?) -> [Step] {
    var steps = steps
    var index = 0
    while index < steps.count {
      var fewer = steps
      fewer.remove(at: index)
      if difference(fewer) != nil { steps = fewer } else { index += 1 }
    }
    return steps
  }
}
