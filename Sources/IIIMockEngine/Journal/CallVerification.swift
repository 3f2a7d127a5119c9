internal import III

/// Says why a function was not called as often as a test expects: what was called, what has a similar name, and what was
/// denied or not found.
struct CallVerification {
  /// The id or pattern that the test names.
  let functionID: String
  let expected: String
  let count: CallCounts.Count
  let entries: [JournalEntry]
  let dropped: Int
  /// The functions that were called, with their counts.
  let called: [(id: String, count: Int64)]
  let registered: [String]

  private static let shownPayloads = 5
  private static let shownLength = 200

  /// The text of the error.
  var text: String {
    var parts = ["`\(functionID)` \(Self.times(count.invoked)), expected \(expected)"]
    if count.invoked > 0 { parts.append(payloads(of: functionID)) }
    parts += unrouted
    if let similar { parts.append(similar) }
    return parts.filter { !$0.isEmpty }.joined(separator: "; ") + notes
  }

  static func times(_ count: Int64) -> String {
    count == 0 ? "was never called" : count == 1 ? "was called once" : "was called \(count) times"
  }

  private func payloads(of id: String) -> String {
    let calls = InvocationList(entries, of: WildcardPattern(id)).all
    let shown = calls.suffix(Self.shownPayloads).map {
      $0.payload.map { Redaction.text(of: $0, limit: Self.shownLength) } ?? "(too long to be kept)"
    }
    guard !shown.isEmpty else { return "" }
    return "\(calls.count > shown.count ? "the last payloads" : "payloads"): " + shown.joined(separator: ", ")
  }

  /// Calls that came and were not passed on.
  private var unrouted: [String] {
    let pattern = WildcardPattern(functionID)
    var counts: [JournalFrame.Route: Int] = [:]
    for case .frame(let frame) in entries.lazy.map(\.event) {
      guard frame.type == .invokeFunction, frame.direction == .received, let route = frame.route,
        frame.functionID.map(pattern.matches) ?? false
      else { continue }
      counts[route, default: 0] += 1
    }
    var texts: [String] = []
    if let denied = counts[.denied] { texts.append("\(denied) of its calls \(denied == 1 ? "was" : "were") denied") }
    if let missing = counts[.notFound] {
      texts.append("\(missing) \(missing == 1 ? "call" : "calls") came while it was not registered")
    }
    return texts
  }

  /// The function that was probably meant.
  private var similar: String? {
    let others = called.filter { !ByteKey.isSame($0.id, functionID) }
    if let name = NearestName.of(functionID, among: others.map(\.id)),
      let count = others.first(where: { $0.id == name })
    {
      let payloads = payloads(of: name)
      return "`\(name)` \(Self.times(count.count))" + (payloads.isEmpty ? "" : ", " + payloads)
    }
    let candidates = registered.filter { !ByteKey.isSame($0, functionID) }
    guard count.invoked == 0, let name = NearestName.of(functionID, among: candidates) else { return nil }
    return "`\(name)` is registered and was never called"
  }

  private var notes: String { dropped > 0 ? " (the journal has dropped \(dropped) older entries)" : "" }
}
