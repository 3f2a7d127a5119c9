internal import III
internal import UV

/// Keeps the items of streams in another engine. Events go there too, and come back to the stream sockets of all engines
/// that are connected to it so.
final class StreamBridge: StreamBackend {
  private let link: EngineLink
  private let host: BuiltInHost

  /// The topic of the other engine by which events are passed on.
  private static let topic = "stream.events"

  /// - Parameter deliver: Sends an event to the sockets that it concerns.
  init?(to url: String, _ host: BuiltInHost, deliver: @escaping (StreamEvent) -> Void) {
    guard let core = host.core else { return nil }
    let loop = core.loop
    let deliver = LoopBound(deliver, on: loop)
    let subscriber = "stream::bridge::on_pub::\(host.newID())"
    let link = EngineLink(to: url, named: StreamSettings.workerName, host) { worker in
      try worker.registerRelay(subscriber) { payload, _ in
        guard let json = payload.withView({ try? JSONParser.parse($0) }), let event = StreamEvent(json: json) else {
          return .nothing
        }
        loop.post { deliver.value(event) }
        return .nothing
      }
      _ = try worker.registerTrigger(
        type: "subscribe", functionID: subscriber, config: ["topic": .string(StreamBridge.topic)] as JSONValue)
    }
    guard let link else { return nil }
    self.link = link
    self.host = host
  }

  func stop() { link.stop() }
  /// The items are another engine's.
  func reset() {}

  func perform(_ function: StreamFunction, _ input: StreamInput, then done: @escaping (StreamOutcome) -> Void) {
    switch function {
    case .send: done(.read(nil))
    // The real engine's bridge does not ask.
    case .listAll: done(.read(Array("{\"count\":0,\"stream\":[]}".utf8)))
    default:
      link.call(function.rawValue, input.payload(function.fields)) { outcome in
        done(StreamBridge.outcome(outcome, function))
      }
    }
  }

  private static func outcome(_ outcome: EngineLink.Outcome, _ function: StreamFunction) -> StreamOutcome {
    switch outcome {
    case .success(let json):
      let isNull = json == Array("null".utf8)
      switch function {
      case .set, .update, .delete:
        return json.withView { StreamOutcome(ofCustom: isNull ? .nothing : .value($0), function) }
      default: return .read(isNull ? nil : json)
      }
    case .failure(let failure):
      return .failed(function.failure(failure))
    }
  }

  func sync(
    _ function: StreamFunction, _ input: StreamInput, begin: @escaping () -> Void,
    then done: @escaping (StreamOutcome) -> Void
  ) {
    // A change meanwhile may be told besides what is there.
    begin()
    perform(function, input, then: done)
  }

  func publish(_ event: StreamEvent) {
    let frame = event.json(milliseconds: host.wallClock / 1_000_000)
    link.send(
      "publish",
      Array("{\"topic\":\"\(StreamBridge.topic)\",\"data\":".utf8) + frame + [UInt8(ascii: "}")])
  }
}
