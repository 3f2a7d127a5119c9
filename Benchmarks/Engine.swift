import III
import IIIMockEngine

/// The engine as a library in a process of its own, without what `iii-dev` puts around it.
enum Engine {
  /// - Parameter arguments: `--filters N`: workers connect to a listener that exposes functions by N filters. `--auth`: to
  ///   one that authenticates them, by a function of this process. Otherwise to one without rules. `--no-journal`: nothing
  ///   is recorded.
  static func serve(_ arguments: inout Arguments) async {
    let filters = arguments.number("--filters", otherwise: 0)
    let authenticates = arguments.flag("--auth")
    let hasJournal = !arguments.flag("--no-journal")
    arguments.finish()
    var configuration = MockEngine.Configuration()
    configuration.journal.isOn = hasJournal
    if filters > 0 {
      // Only the last matches what is called.
      let patterns = (1..<filters).map { "service\($0)::*::read" } + ["bench::*"]
      configuration.listeners[0].access = AccessRules(exposeFunctions: patterns.map { .matching($0) })
    } else if authenticates {
      configuration.listeners.append(.init(access: AccessRules(authFunctionID: "bench::auth")))
    }
    do {
      let engine = try await MockEngine.start(configuration)
      if authenticates {
        let gate = try await registerWorker(engine.url)
        try gate.registerFunction("bench::auth") { (_: AuthInput) async in AuthResult() }
        try await engine.waitForFunction("bench::auth")
      }
      announce("engine listening on \(engine.addresses.last ?? engine.url)")
      while true {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        withExtendedLifetime(engine) {}
      }
    } catch {
      fail("the engine did not start: \(error)")
    }
  }
}
