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
    try await StoreLedger(.state).survivesKills(
      Proofs.count(suite: 5, full: 200), seed: 5, try configuration(folder))
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
        await peer.send(StoreLedger.call(number + 1, "state::set", call))
      }
      for _ in start..<min(start + 1000, count) { _ = try await peer.receive { $0.text.contains("new_value") } }
    }
    await peer.send(StoreLedger.call(0, "state::set", #"{"scope":"large","key":"\#(large)","value":"here"}"#))
    _ = try await peer.receive { $0.text.contains("new_value") }
    engine.send(SIGTERM)
    #expect(await engine.end().status == 0)

    let second = try Program("--port", "0", "--config", file.path)
    let reader = try await RawPeer.open(try #require(await second.url()))
    await reader.send(StoreLedger.call(1, "state::list", #"{"scope":"many"}"#))
    let list = try await reader.receive { $0.text.contains("invocationresult") }.text
    let numbers = list.split(whereSeparator: { !$0.isNumber }).suffix(count)
    #expect(numbers.count == count)
    #expect(zip(numbers, 0...).allSatisfy { Int($0) == $1 })
    await reader.send(StoreLedger.call(2, "state::get", #"{"scope":"large","key":"\#(large)"}"#))
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
}
