import Foundation
import III
import Testing

/// `iii-dev --config` while its file changes.
@Suite(.timeLimit(.minutes(1))) struct ReloadProgramTests {
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
