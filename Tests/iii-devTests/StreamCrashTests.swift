import Foundation
import TestSupport
import Testing

/// `iii-stream` on disk, in an engine that is killed.
@Suite(.timeLimit(.minutes(20))) struct StreamCrashTests {
  @Test("an engine that is killed at random moments has every item that it has answered, and no others")
  func kills() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try TemporaryFile(
      """
      workers:
        - name: iii-stream
          config:
            host: 127.0.0.1
            port: 0
            adapter:
              name: kv
              config: {store_method: file_based, file_path: "\(folder)", save_interval_ms: 20}
      """)
    try await StoreLedger(.stream).survivesKills(Proofs.count(suite: 5, full: 200), seed: 6, file)
  }
}
