import Foundation
import III
import Testing

/// `iii-dev --config` while its file changes.
@Suite(.timeLimit(.minutes(5))) struct ReloadProgramTests {
  private static func text(_ retries: String) -> String {
    """
    workers:
      - name: iii-worker-manager
        config: { host: 127.0.0.1, port: 0 }
      - name: iii-queue
        config: { queue_configs: { a: { max_retries: \(retries) } } }
    """
  }

  @Test("a changed file is applied, a broken one is named with its place and changes nothing, and workers stay")
  func reload() async throws {
    let file = try TemporaryFile(Self.text("1"))
    let engine = try Program("--config", file.path)
    let url = try #require(await engine.url())
    let worker = try await registerWorker(url)
    #expect(await engine.line(containing: "reload: watching \(file.path) for changes") != nil)

    try Self.text("2").write(toFile: file.path, atomically: true, encoding: .utf8)
    #expect(await engine.line(containing: "reload: diff +0 added, -0 removed, ~1 changed, =1 unchanged") != nil)
    #expect(await engine.line(containing: "reload: success") != nil)

    try Self.text("[").write(toFile: file.path, atomically: false, encoding: .utf8)
    let error = try #require(await engine.line(containing: "reload: Failed to parse config file"))
    #expect(error.contains("line 5"), "\(error)")
    #expect(await engine.line(containing: "reload: the old configuration stays in force") != nil)

    try "".write(toFile: file.path, atomically: false, encoding: .utf8)
    #expect(await engine.line(containing: "has no entries, as if it were being saved") != nil)

    try Self.text("2").write(toFile: file.path, atomically: false, encoding: .utf8)
    engine.send(SIGHUP)
    #expect(await engine.line(containing: "reload: \(file.path) has not changed") != nil)
    #expect(worker.connectionState == .connected)
    await worker.shutdown()
    engine.send(SIGTERM)
    #expect(await engine.end().status == 0)
  }

  @Test("listeners and built-in workers of the file come and go, and the log's level follows it")
  func entries() async throws {
    let base = Self.text("1")
    let file = try TemporaryFile(base)
    let engine = try Program("--config", file.path)
    let url = try #require(await engine.url())
    #expect(await engine.line(containing: "reload: watching \(file.path) for changes") != nil)
    func change(to more: String) throws {
      try (base + "\n" + more).write(toFile: file.path, atomically: true, encoding: .utf8)
      engine.send(SIGHUP)
    }

    try change(
      to: """
          - name: iii-worker-manager
            config: { host: 127.0.0.1, port: 0 }
          - name: iii-state

        """)
    #expect(await engine.line(containing: "reload: diff +2 added, -0 removed, ~0 changed, =2 unchanged") != nil)
    let line = try #require(await engine.line(containing: "Engine listening on address: "))
    let address = "ws://" + (line.split(separator: " ").last.map(String.init) ?? "")
    #expect(address != url)
    #expect(await engine.line(containing: "reload: 'iii-state' has started") != nil)
    let worker = try await registerWorker(address)
    _ = try await worker.trigger("state::set", payload: ["scope": "s", "key": "k", "value": 1])

    try change(to: "")
    #expect(await engine.line(containing: "\(address) accepts no more connections") != nil)
    #expect(await engine.line(containing: "reload: 'iii-state' has ended; what it kept in memory is gone") != nil)
    await worker.shutdown()

    try change(to: "  - name: iii-observability\n    config: { format: json, level: warn }\n")
    #expect(await engine.line(containing: "reload: 'iii-observability' has its new settings") != nil)
    try change(to: "[")
    #expect(await engine.line(after: "{\"timestamp\":")?.contains("reload: Failed to parse config file") == true)
    engine.send(SIGTERM)
    let end = await engine.end()
    #expect(end.status == 0 && !end.output.contains("[INFO]"))
  }

  @Test("a file is checked without an engine")
  func check() async throws {
    let good = try TemporaryFile("workers:\n  - name: iii-exec\n")
    let end = try await Program("config", "check", good.path).end()
    #expect(end.status == 0)
    #expect(end.output.contains("warning: worker 'iii-exec' is not part of this engine; line 2: ignored"))
    #expect(end.output.hasSuffix("\(good.path) can be used, with one warning\n"))
    let bad = try TemporaryFile("workers:\n  - name: iii-http\n    config: { prot: 1 }\n")
    let failed = try await Program("config", "check", bad.path).end()
    #expect(failed.status == 1)
    #expect(failed.errors.contains("unknown field `prot`") && failed.errors.contains("line 3"), "\(failed.errors)")
    #expect(try await Program("config", "check").end().status == 2)
    #expect(try await Program("config", "chek", good.path).end().status == 2)
  }
}
