package import UV

/// The loop on which peers of tests live that have none of their own; it runs as long as the process.
package enum TestLoop {
  package static let shared: Loop = {
    do { return try Loop(name: "test peers") } catch { preconditionFailure("no loop for tests: \(error)") }
  }()
}

/// Lends a loop that must close clean afterwards.
package func withTestLoop<Result>(_ body: (Loop) async throws -> Result) async throws -> Result {
  let loop = try Loop(name: "test")
  let result: Result
  do { result = try await body(loop) } catch {
    _ = await loop.stop()
    throw error
  }
  let code = await loop.stop()
  guard code == 0 else { throw RawError.loopDidNotClose(code) }
  return result
}
