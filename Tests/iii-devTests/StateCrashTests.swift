import Foundation
import III
import TestSupport
import Testing

/// `iii-state` on disk, in an engine that is killed.
@Suite(.timeLimit(.minutes(20))) struct StateCrashTests {
  /// A configuration with state in a folder.
  private func configuration(_ folder: String) throws -> TemporaryFile {
    try TemporaryFile(
      """
      workers:
        - name: iii-state
          config:
            adapter:
              name: kv
              config: {store_method: file_based, file_path: "\(folder)", save_interval_ms: 20}
      """)
  }

  @Test("an engine that is killed at random moments has every write that it has answered, and no others")
  func kills() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try configuration(folder)
    var random = SeededGenerator(seed: 5)
    var ledger = StateLedger()
    for _ in 0...Proofs.count(suite: 5, full: 200) {
      let engine = try Program("--port", "0", "--config", file.path)
      let peer = try await RawPeer.open(try #require(await engine.url()))
      try await check(&ledger, peer)
      try await write(&ledger, peer, answers: random.below(300), &random)
      engine.send(SIGKILL)
      #expect(await engine.end().status == -SIGKILL)
      // The answers that the engine sent before it was killed must still be read.
      _ = try? await peer.ended()
      for frame in await peer.takeUnread() { try ledger.note(frame.text) }
      await peer.abort()
    }
    #expect(ledger.answers > 0)
  }

  @Test("a scope with very many keys, and a key of one mebibyte, exist after a restart, in their order")
  func manyKeys() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try configuration(folder)
    let count = Proofs.count(suite: 5000, full: 1_000_000)
    let large = String(repeating: "k", count: 1 << 20)

    let engine = try Program("--port", "0", "--config", file.path)
    let peer = try await RawPeer.open(try #require(await engine.url()))
    for start in stride(from: 0, to: count, by: 1000) {
      for number in start..<min(start + 1000, count) {
        let call = #"{"scope":"many","key":"\#(number)","value":\#(number)}"#
        await peer.send(StateLedger.call(number + 1, "state::set", call))
      }
      for _ in start..<min(start + 1000, count) { _ = try await peer.receive { $0.text.contains("new_value") } }
    }
    await peer.send(StateLedger.call(0, "state::set", #"{"scope":"large","key":"\#(large)","value":"here"}"#))
    _ = try await peer.receive { $0.text.contains("new_value") }
    engine.send(SIGTERM)
    #expect(await engine.end().status == 0)

    let second = try Program("--port", "0", "--config", file.path)
    let reader = try await RawPeer.open(try #require(await second.url()))
    await reader.send(StateLedger.call(1, "state::list", #"{"scope":"many"}"#))
    let list = try await reader.receive { $0.text.contains("invocationresult") }.text
    let numbers = list.split(whereSeparator: { !$0.isNumber }).suffix(count)
    #expect(numbers.count == count)
    #expect(zip(numbers, 0...).allSatisfy { Int($0) == $1 })
    await reader.send(StateLedger.call(2, "state::get", #"{"scope":"large","key":"\#(large)"}"#))
    #expect(try await reader.receive { $0.text.contains("invocationresult") }.text.contains(#""result":"here""#))
    second.send(SIGTERM)
    #expect(await second.end().status == 0)
  }

  @Test("an engine refuses to start on a store that another one has open")
  func heldStore() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try configuration(folder)
    let first = try Program("--port", "0", "--config", file.path)
    _ = try #require(await first.url())
    let second = await (try Program("--port", "0", "--config", file.path)).end()
    #expect(second.status == 1)
    let refusal = "the store '\(folder)/iii-store.sqlite' is in use by another engine; stop that engine"
    #expect(second.errors.contains(refusal))
    first.send(SIGTERM)
    #expect(await first.end().status == 0)
  }

  /// Reads all keys: each must have one of its possible values.
  private func check(_ ledger: inout StateLedger, _ peer: RawPeer) async throws {
    for key in StateLedger.keys {
      await peer.send(StateLedger.call(0, "state::get", #"{"scope":"s","key":"\#(key)"}"#))
      let frame = try await peer.receive { $0.text.contains(#""type":"invocationresult""#) }
      let reply = try JSONValue(parsing: frame.text)
      #expect(reply["error"] == nil)
      ledger.found(reply["result"]?.intValue, at: key)
    }
  }

  /// Changes keys, with up to eight changes in progress, until `answers` of them were answered.
  private func write(
    _ ledger: inout StateLedger, _ peer: RawPeer, answers: Int, _ random: inout SeededGenerator
  ) async throws {
    for _ in 0..<8 { await peer.send(ledger.change(&random)) }
    let last = ledger.answers + answers
    while ledger.answers < last {
      let frame = try await peer.receive { $0.isText }
      if try ledger.note(frame.text) { await peer.send(ledger.change(&random)) }
    }
  }
}

/// The possible values of each key: the last answered one, or one that was sent since.
private struct StateLedger {
  static let keys = (0..<20).map { "k\($0)" }

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

  /// The next change, as a frame.
  mutating func change(_ random: inout SeededGenerator) -> String {
    last += 1
    let key = random.pick(StateLedger.keys)
    let before = possible[key]?.last?.value
    unanswered[last] = key
    switch random.below(10) {
    case 0:
      possible[key, default: [(0, nil)]].append((last, nil))
      return StateLedger.call(last, "state::delete", #"{"scope":"s","key":"\#(key)"}"#)
    case 1...4 where before ?? nil != nil:
      let by = random.below(1000)
      possible[key, default: []].append((last, (before ?? nil).map { $0 + by }))
      let operations = #"[{"type":"increment","path":"","by":\#(by)}]"#
      return StateLedger.call(last, "state::update", #"{"scope":"s","key":"\#(key)","ops":\#(operations)}"#)
    default:
      possible[key, default: [(0, nil)]].append((last, last))
      return StateLedger.call(last, "state::set", #"{"scope":"s","key":"\#(key)","value":\#(last)}"#)
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
}
