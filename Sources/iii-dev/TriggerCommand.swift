internal import III
internal import IIIMockEngine

/// `iii-dev trigger`: makes one call.
struct TriggerCommand {
  private let options: TriggerOptions
  private let console: Console

  init(_ options: TriggerOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    guard let functionID = options.functionID else {
      console.writeOut(Help.text(of: .trigger))
      return .success
    }
    if options.wantsHelp { return await help(for: functionID) }
    let payload = try TriggerPayload(pairs: options.pairs, json: options.json)
    let result = try await engine.call { call throws(Failure) in
      // The schema is needed only for values that could be text or JSON; without a schema they are JSON.
      let parameters =
        payload.needsSchema ? (try? await FunctionHelp.find(functionID, using: call))?.parameters : nil
      do throws(Failure) {
        return try await call(functionID, payload.json(parameters: parameters ?? []))
      } catch {
        throw error.isUnknownFunction ? await explained(error, functionID, call) : error
      }
    }
    if result != .null { console.out(PrettyJSON.text(result)) }
    return .success
  }

  /// Adds to the error the name that was probably meant.
  private func explained(_ error: Failure, _ functionID: String, _ call: EngineCaller.Call) async -> Failure {
    var error = error
    let list = try? await call(EngineFunctions.listFunctions, ["include_internal": true])
    let names = (list?["functions"]?.arrayValue ?? []).compactMap { $0["function_id"]?.stringValue }
    if let meant = NearestName.of(functionID, among: names) {
      error.text += "\nHint: did you mean '\(meant)'?"
    } else if !names.contains(functionID) {
      error.text += "\nHint: run `iii-dev trigger engine::functions::list` to see the registered functions."
    }
    return error
  }

  private var engine: EngineCaller {
    var engine = EngineCaller(
      url: options.url, timeout: .milliseconds(options.timeoutMilliseconds), namespace: options.namespace,
      waits: options.waits)
    if options.isVerbose { engine.log = { [console] line in console.error(line) } }
    return engine
  }

  /// Prints the engine's information about a function; without an engine the general help.
  private func help(for functionID: String) async -> ExitStatus {
    do {
      let function = try await engine.call { call throws(Failure) in
        try await FunctionHelp.find(functionID, using: call)
      }
      guard let function else {
        console.error(
          """
          error: function `\(functionID)` is not registered.
          hint: run `iii-dev trigger engine::functions::list` to see the registered functions.
          """)
        return .failure
      }
      console.writeOut(function.text(isColoured: console.isColoured))
    } catch {
      console.error("warning: the engine could not be asked for `\(functionID)`: \(error.text)")
      console.writeOut(Help.text(of: .trigger))
    }
    return .success
  }
}
