import Foundation
import III
import TestSupport
import Testing

/// Queues on disk, in an engine that is killed.
@Suite(.timeLimit(.minutes(20))) struct QueueCrashTests {
  @Test("an engine that is killed at random moments loses no job whose receipt it has sent, and invents none")
  func kills() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try TemporaryFile(
      """
      workers:
        - name: iii-queue
          config:
            queue_configs:
              q: {max_retries: 12, backoff_ms: 1}
              fifo: {max_retries: 12, backoff_ms: 1, type: fifo, message_group_field: g}
            adapter:
              name: builtin
              config: {store_method: file_based, file_path: "\(folder)", save_interval_ms: 20}
      """)
    var random = SeededGenerator(seed: 7)
    var ledger = QueueLedger()
    let kills = Proofs.count(suite: 5, full: 200)
    for _ in 0..<kills {
      let engine = try Program("--port", "0", "--config", file.path)
      let peer = try await RawPeer.open(try #require(await engine.url()))
      await peer.send(#"{"type":"registerfunction","id":"f"}"#)
      try await work(&ledger, peer, frames: random.below(400), &random)
      engine.send(SIGKILL)
      #expect(await engine.end().status == -SIGKILL)
      // What the engine sent before it was killed must still be read.
      _ = try? await peer.ended()
      for frame in await peer.takeUnread() { _ = ledger.read(frame.text) }
      await peer.abort()
    }
    try await finish(&ledger, file.path)
    #expect(ledger.lost.isEmpty, "accepted and never delivered: \(ledger.lost.sorted())")
    #expect(ledger.invented.isEmpty, "delivered and never sent: \(ledger.invented)")
    #expect(!ledger.accepted.isEmpty && ledger.deliveries >= ledger.accepted.count)
    print(
      "queues: \(kills) kills, \(ledger.sent) jobs sent, \(ledger.accepted.count) receipts, "
        + "\(ledger.delivered.count) jobs delivered in \(ledger.deliveries) deliveries, \(ledger.lost.count) lost, "
        + "\(ledger.invented.count) invented")
  }

  /// Puts jobs into queues, eight at a time, and answers deliveries, until so many frames have come.
  private func work(
    _ ledger: inout QueueLedger, _ peer: RawPeer, frames: Int, _ random: inout SeededGenerator
  ) async throws {
    for _ in 0..<8 { await peer.send(ledger.enqueue(&random)) }
    for _ in 0..<frames {
      switch ledger.read(try await peer.receive { $0.isText }.text) {
      case .receipt: await peer.send(ledger.enqueue(&random))
      case .delivery(let id):
        let error = random.below(5) == 0 ? #","error":{"code":"E","message":"x"}"# : ""
        await peer.send(QueueLedger.answer(id, error))
      case nil: break
      }
    }
  }

  /// Answers every delivery that is left.
  private func finish(_ ledger: inout QueueLedger, _ path: String) async throws {
    let engine = try Program("--port", "0", "--config", path)
    let peer = try await RawPeer.open(try #require(await engine.url()))
    await peer.send(#"{"type":"registerfunction","id":"f"}"#)
    var isEmpty = false
    while !isEmpty {
      // A job that was tried often while its worker was away is a dead letter, or waits long.
      for queue in ["q", "fifo"] {
        await peer.send(QueueLedger.call(1, "iii::queue::redrive", #"{"queue":"\#(queue)"}"#))
      }
      await peer.send(QueueLedger.call(2, "mock::queues::list", "{}"))
      while true {
        let text = try await peer.receive { $0.isText }.text
        if case .delivery(let id)? = ledger.read(text) { await peer.send(QueueLedger.answer(id, "")) }
        guard let rows = try JSONValue(parsing: text)["result"]?["queues"], case .array(let queues) = rows else {
          continue
        }
        isEmpty = queues.allSatisfy { row in
          ["waiting", "in_flight", "delayed", "dead"].allSatisfy { row[$0] == 0 }
        }
        break
      }
    }
    engine.send(SIGTERM)
    #expect(await engine.end().status == 0)
  }
}

/// Which jobs were sent, accepted and delivered; each has a number as its payload.
private struct QueueLedger {
  enum Frame {
    case receipt
    case delivery(String)
  }

  private(set) var sent = 0
  private(set) var accepted: Set<Int> = []
  private(set) var delivered: Set<Int> = []
  private(set) var deliveries = 0

  var lost: Set<Int> { accepted.subtracting(delivered) }
  var invented: [Int] { delivered.filter { $0 < 1 || $0 > sent } }

  static func call(_ number: Int, _ function: String, _ data: String, _ more: String = "") -> String {
    let digits = "\(number)"
    let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"\#(function)","data":\#(data)\#(more)}"#
  }

  static func answer(_ id: String, _ error: String) -> String {
    #"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"f"\#(error)}"#
  }

  /// The next job, as a frame.
  mutating func enqueue(_ random: inout SeededGenerator) -> String {
    sent += 1
    let queue = random.pick(["q", "fifo"])
    return QueueLedger.call(
      1000 + sent, "f", #"{"n":\#(sent),"g":\#(random.below(3))}"#, #","action":{"type":"enqueue","queue":"\#(queue)"}"#
    )
  }

  mutating func read(_ text: String) -> Frame? {
    guard let frame = try? JSONValue(parsing: text) else { return nil }
    if frame["type"] == "invocationresult", frame["function_id"] == "f", let id = frame["invocation_id"]?.stringValue,
      let number = Int(id.suffix(12))
    {
      #expect(frame["error"] == nil, "\(text)")
      accepted.insert(number - 1000)
      return .receipt
    }
    guard frame["type"] == "invokefunction", let id = frame["invocation_id"]?.stringValue,
      let number = frame["data"]?["n"]?.intValue
    else { return nil }
    delivered.insert(number)
    deliveries += 1
    return .delivery(id)
  }
}
