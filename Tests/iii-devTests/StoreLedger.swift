import Foundation
import III
import TestSupport
import Testing

/// The possible values of each key: the last answered one, or one that was sent since.
struct StoreLedger {
  enum Store { case state, stream }

  private let store: Store
  static let keys = (0..<20).map { "k\($0)" }

  init(_ store: Store) { self.store = store }

  /// By key: the value after the last answered change, then those after changes that were only sent, each with the change's number; a value
  /// of `nil` means that the key does not exist.
  private var possible: [String: [(change: Int, value: Int?)]] = [:]
  /// The keys of unanswered changes, by number.
  private var unanswered: [Int: String] = [:]
  private var last = 0
  private(set) var answers = 0

  static func call(_ number: Int, _ function: String, _ data: String) -> String {
    let digits = "\(number)"
    let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"\#(function)","data":\#(data)}"#
  }

  /// A call of a function of the store that concerns a key.
  private func call(_ number: Int, _ operation: String, _ key: String, _ more: String = "") -> String {
    switch store {
    case .state: StoreLedger.call(number, "state::\(operation)", #"{"scope":"s","key":"\#(key)"\#(more)}"#)
    case .stream:
      StoreLedger.call(
        number, "stream::\(operation)", #"{"stream_name":"s","group_id":"g","item_id":"\#(key)"\#(more)}"#)
    }
  }

  /// The next change, as a frame.
  mutating func change(_ random: inout SeededGenerator) -> String {
    last += 1
    let key = random.pick(StoreLedger.keys)
    let before = possible[key]?.last?.value
    unanswered[last] = key
    switch random.below(10) {
    case 0:
      possible[key, default: [(0, nil)]].append((last, nil))
      return call(last, "delete", key)
    case 1...4 where before ?? nil != nil:
      let by = random.below(1000)
      possible[key, default: []].append((last, (before ?? nil).map { $0 + by }))
      let operations = #"[{"type":"increment","path":"","by":\#(by)}]"#
      return call(last, "update", key, #","ops":\#(operations)"#)
    default:
      possible[key, default: [(0, nil)]].append((last, last))
      return call(last, "set", key, #","\#(store == .state ? "value" : "data")":\#(last)"#)
    }
  }

  /// Reads a frame of the engine; returns whether it answers a change.
  @discardableResult mutating func note(_ text: String) throws -> Bool {
    let frame = try JSONValue(parsing: text)
    guard frame["type"] == "invocationresult", let id = frame["invocation_id"]?.stringValue,
      let number = Int(id.suffix(12)), let key = unanswered.removeValue(forKey: number)
    else { return false }
    #expect(frame["error"] == nil, "\(text)")
    answers += 1
    possible[key]?.removeAll { $0.change < number }
    return true
  }

  /// A key's value after a restart: from now on it is the only possible one.
  mutating func found(_ value: Int?, at key: String) {
    let possible = self.possible[key] ?? [(0, nil)]
    #expect(possible.contains { $0.value == value }, "\(key) is \(String(describing: value)), not one of \(possible)")
    self.possible[key] = [(0, value)]
    for (number, other) in unanswered where other == key { unanswered[number] = nil }
  }

  // MARK: With an engine

  /// Kills an engine again and again while it changes values, and starts another one with the same store.
  func survivesKills(_ count: Int, seed: UInt64, _ configuration: TemporaryFile) async throws {
    var ledger = self
    var random = SeededGenerator(seed: seed)
    for _ in 0...count {
      let engine = try Program("--port", "0", "--config", configuration.path)
      let peer = try await RawPeer.open(try #require(await engine.url()))
      try await ledger.check(peer)
      try await ledger.write(peer, answers: random.below(300), &random)
      engine.send(SIGKILL)
      #expect(await engine.end().status == -SIGKILL)
      // The answers that the engine sent before it was killed must still be read.
      _ = try? await peer.ended()
      for frame in await peer.takeUnread() { try ledger.note(frame.text) }
      await peer.abort()
    }
    #expect(ledger.answers > 0)
  }

  /// Reads all keys: each must have one of its possible values.
  private mutating func check(_ peer: RawPeer) async throws {
    for key in StoreLedger.keys {
      await peer.send(call(0, "get", key))
      let frame = try await peer.receive { $0.text.contains(#""type":"invocationresult""#) }
      let reply = try JSONValue(parsing: frame.text)
      #expect(reply["error"] == nil)
      found(reply["result"]?.intValue, at: key)
    }
  }

  /// Changes keys, with up to eight changes in progress, until `answers` of them were answered.
  private mutating func write(_ peer: RawPeer, answers count: Int, _ random: inout SeededGenerator) async throws {
    for _ in 0..<8 { await peer.send(change(&random)) }
    let last = answers + count
    while answers < last {
      let frame = try await peer.receive { $0.isText }
      if try note(frame.text) { await peer.send(change(&random)) }
    }
  }
}
