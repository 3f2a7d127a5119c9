/// Finds the name that a misspelled one probably means.
package enum NearestName {
  /// The candidate that is a few edits away from `name` at most; `nil` if none is.
  package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    let allowed = max(1, min(3, name.count / 3))
    var best: (name: String, distance: Int)?
    for candidate in candidates where abs(candidate.count - name.count) <= allowed {
      let distance = distance(Array(name), Array(candidate))
      if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// How many characters have to be inserted, removed or replaced.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, right) in b.enumerated() {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (left == right ? 0 : 1))
        diagonal = above
      }
    }
    return row[b.count]
  }
}
