import IIIMockEngine

/// The engine as a library in a process of its own, without what `iii-dev` puts around it.
enum Engine {
  static func serve() async {
    do {
      let engine = try await MockEngine.start()
      announce("engine listening on \(engine.url)")
      while true { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    } catch {
      fail("the engine did not start: \(error)")
    }
  }
}
