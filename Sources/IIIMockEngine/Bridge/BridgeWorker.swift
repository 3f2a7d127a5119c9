internal import III
internal import UV

/// `iii-bridge`: functions of another engine, called here, and functions of this one, called there.
final class BridgeWorker: BuiltInWorker {
  let manifest: BuiltInManifest
  private let settings: BridgeSettings
  private var host: BuiltInHost?
  private var link: EngineLink?

  /// The functions that are there without forwards, first in the manifest.
  private static let own = [
    BuiltInFunction(
      "bridge.invoke", "Invoke a function on the remote III instance", input: "InvokeInput", fields: fields),
    BuiltInFunction(
      "bridge.invoke_async", "Fire-and-forget invoke on the remote III instance", input: "InvokeInput", fields: fields,
      responseSchema: .null),
  ]
  private static let fields = [
    BuiltInField("function_id", .string, isRequired: true), BuiltInField("data", .any),
    BuiltInField("timeout_ms", .u64),
  ]

  init(_ settings: BridgeSettings) {
    self.settings = settings
    manifest = BuiltInManifest(
      name: BridgeSettings.workerName,
      functions: BridgeWorker.own
        + settings.forwards.map {
          BuiltInFunction($0.localFunction, "Forward to remote function \($0.remoteFunction)", input: "ForwardInput")
        })
  }

  func start(_ host: BuiltInHost) {
    self.host = host
    guard let core = host.core else { return }
    let exposures = settings.exposures
    link = EngineLink(to: settings.url, named: BridgeSettings.workerName, host) { worker in
      for exposure in exposures {
        try worker.registerRelay(exposure.remoteFunction) { payload, caller in
          await BridgeWorker.serve(exposure.localFunction, payload, caller: caller, core)
        }
      }
    }
  }

  func stop() {
    link?.stop()
    link = nil
    host = nil
  }

  // MARK: Calls of the other engine's functions

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let number = function.number - BridgeWorker.own.count
    if number >= 0 {
      let forward = settings.forwards[number]
      return relay(forward.remoteFunction, call.data.array, timeout: forward.timeout)
    }
    let request: Request
    do {
      request = try Request(call.data)
    } catch {
      return .failure(
        InvocationFailure(
          code: "deserialization_error", message: "Failed to parse invoke input: \(error.reason)"))
    }
    if function.number == 0 { return relay(request.functionID, request.data, timeout: request.timeout) }
    link?.send(request.functionID, request.data)
    return .nothing
  }

  private func relay(_ functionID: String, _ data: [UInt8], timeout: Duration) -> BuiltInReply {
    guard let host, let link else { return .failure(.stopped) }
    let token = host.laterReply()
    link.call(functionID, data, timeout: timeout) { outcome in
      switch outcome {
      case .success(let json): host.reply(token, .bytes(json))
      case .failure(let failure):
        host.reply(token, .failure(InvocationFailure(code: "bridge_error", message: failure.bridgeText)))
      }
    }
    return .later(token)
  }

  /// The input of `bridge.invoke`, with the payload as it was sent.
  private struct Request {
    let functionID: String
    var data = Array("null".utf8)
    var timeout = Duration.seconds(30)

    init(_ json: ByteView) throws(InputMismatch) {
      guard var members = ObjectMembers(json) else { throw .invalidType(of: json, expected: "struct InvokeInput") }
      var functionID: String?
      while let member = members.next() {
        if member.isNamed("function_id") {
          functionID = String(decoding: try StateInput.text(member.value), as: UTF8.self)
        } else if member.isNamed("data") {
          data = member.value.array
        } else if member.isNamed("timeout_ms"), let value = try? JSONParser.parse(member.value), value != .null {
          try BuiltInField("timeout_ms", .u64).check(value)
          if case .int(let milliseconds) = value { timeout = .milliseconds(milliseconds) }
        }
      }
      guard let functionID else { throw .missing("function_id") }
      self.functionID = functionID
    }
  }

  // MARK: Calls of this engine's functions

  /// How long a function of this engine may take; who calls it over there has a time-out of its own.
  private static let patience = Duration.seconds(24 * 3600)

  private static func serve(
    _ functionID: String, _ payload: [UInt8], caller: String?, _ core: EngineCore
  ) async -> RelayAnswer {
    do {
      let data = caller.map { CallerSplice.adding($0, to: payload) } ?? payload
      let result = try await core.call(functionID, data, patience)
      return result == Array("null".utf8) ? .nothing : .result(result)
    } catch {
      let failure = InvocationFailure(error)
      return .failure(
        code: failure.code, message: failure.message, stacktrace: (error as? IIIInvocationError)?.stacktrace)
    }
  }
}
