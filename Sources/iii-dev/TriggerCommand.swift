internal import III

/// `iii-dev trigger`: one call.
struct TriggerCommand {
  private let options: TriggerOptions
  private let console: Console

  init(_ options: TriggerOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    guard let functionID = options.functionID else {
      guard options.wantsHelp else {
        throw Failure(text: "iii-dev trigger: missing FUNCTION_PATH. Try: `iii-dev trigger <fn-path> [args]`")
      }
      console.writeOut(Help.trigger)
      return .success
    }
    if options.wantsHelp { return await help(for: functionID) }
    let payload = try TriggerPayload.make(pairs: options.pairs, json: options.json)
    let engine = EngineCaller(
      url: options.url, timeout: .milliseconds(options.timeoutMilliseconds), namespace: options.namespace)
    let result = try await engine.call { call throws(Failure) in try await call(functionID, payload) }
    if result != .null { console.out(PrettyJSON.text(result)) }
    return .success
  }

  /// What the engine knows of a function; without an engine what is always true.
  private func help(for functionID: String) async -> ExitStatus {
    let engine = EngineCaller(url: options.url, timeout: .milliseconds(options.timeoutMilliseconds))
    do {
      guard let function = try await FunctionHelp.find(functionID, in: engine) else {
        console.error(
          """
          error: function `\(functionID)` not found in engine registry.
          hint: run `iii-dev trigger engine::functions::list` to see registered functions.
          """)
        return .failure
      }
      console.writeOut(function.text(isColoured: console.isColoured))
    } catch {
      let reason = error == EngineCaller.timedOut ? "invocation timed out" : error.text
      console.error("warning: could not query engine for `\(functionID)`: \(reason)")
      console.writeOut(Help.trigger)
    }
    return .success
  }
}
