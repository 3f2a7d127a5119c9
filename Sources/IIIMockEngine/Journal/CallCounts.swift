internal import III

/// How often functions were called: counters, which are right whatever the journal has dropped. Confined to the engine's loop.
///
/// A function that is registered is counted in its name. Here are the counts of functions that were unregistered or replaced.
final class CallCounts {
  struct Count: Equatable {
    /// Calls that were passed on to a worker or a built-in worker.
    var invoked: Int64 = 0
    /// Calls that have ended, with a result or an error.
    var ended: Int64 = 0
  }

  private struct Retired {
    var count = Count()
    /// Names of which calls are still in flight.
    var names: [FunctionName] = []
  }

  private var retired: [ByteKey: Retired] = [:]

  /// Ids come from workers: calls of functions above this number are forgotten when the function is unregistered.
  static let limit = 100_000

  /// A function was unregistered or replaced.
  func retire(_ name: FunctionName) {
    guard name.invoked != 0 || name.ended != 0, retired.count < CallCounts.limit || retired[name.key] != nil else {
      return
    }
    var entry = retired[name.key] ?? Retired()
    entry.names.append(name)
    for ended in entry.names where ended.ended >= ended.invoked {
      entry.count.invoked += ended.invoked
      entry.count.ended += ended.ended
    }
    entry.names.removeAll { $0.ended >= $0.invoked }
    retired[name.key] = entry
  }

  /// The calls of the functions that match a pattern.
  func count(of pattern: WildcardPattern, _ functions: FunctionRegistry) -> Count {
    var sum = Count()
    func add(_ name: FunctionName) {
      sum.invoked += name.invoked
      sum.ended += name.ended
    }
    func add(_ entry: Retired) {
      sum.invoked += entry.count.invoked
      sum.ended += entry.count.ended
      for name in entry.names { add(name) }
    }
    if pattern.hasStars {
      for entry in functions.all where pattern.matches(entry.name.text) { add(entry.name) }
      for (key, entry) in retired where pattern.matches(key.text) { add(entry) }
    } else {
      let key = ByteKey(pattern.text)
      if let entry = functions.entry(key) { add(entry.name) }
      if let entry = retired[key] { add(entry) }
    }
    return sum
  }

  /// The ids of the functions that were called.
  func calledIDs(_ functions: FunctionRegistry) -> [String] {
    let current = functions.all.filter { $0.name.invoked > 0 }.map(\.name.key)
    let former = retired.filter { $0.value.count.invoked > 0 || !$0.value.names.isEmpty }.keys
    return Set(current + former).map(\.text).sorted()
  }

  /// Sets all counts to zero.
  func clear(_ functions: FunctionRegistry) {
    retired = [:]
    for entry in functions.all {
      entry.name.invoked = 0
      entry.name.ended = 0
    }
  }
}
