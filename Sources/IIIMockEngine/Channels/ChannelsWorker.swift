internal import III
internal import UV

/// Settings of channels. They have no entry of their own in a configuration file: their function belongs to
/// `iii-engine-functions`.
struct ChannelSettings: BuiltInSettings {
  static let workerName = "iii-engine-functions"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { ChannelsWorker() }
}

/// The channels of an engine, whichever of its listeners they are used at.
final class ChannelsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: ChannelSettings.workerName, functions: ChannelFunction.manifestFunctions,
    paths: [.below(ChannelRequest.pathPrefix)])

  private(set) var channels = ChannelRegistry()
  private var host: BuiltInHost?
  /// When the engine started: channels are looked at in a rhythm that begins there, as long as there are any.
  private var started: UInt64 = 0
  private var sweep: TimerToken?

  func start(_ host: BuiltInHost) {
    self.host = host
    started = host.now
  }

  private func setSweep() {
    if sweep == nil, !channels.isEmpty { sweep = host?.schedule(every: ChannelRegistry.sweepInterval, since: started) }
  }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .nothing }
    let input = try call.input(of: function)
    try input.check(function.fields)
    let creator = kernel.workers[call.sender]
    let name = add(capacity: input.count("buffer_size"), createdBy: creator, host).name
    return .json(["reader": name.reference(.read), "writer": name.reference(.write)])
  }

  private func add(capacity: Int?, createdBy creator: WorkerRecord?, _ host: BuiltInHost) -> ChannelRelay {
    let relay = ChannelRelay(newName(host), capacity: capacity, createdBy: creator, on: host, at: host.now)
    watchEnd(of: relay, host)
    channels.add(relay)
    setSweep()
    return relay
  }

  private func newName(_ host: BuiltInHost) -> ChannelName { ChannelName(id: host.newID(), key: host.newID()) }

  private func watchEnd(of relay: ChannelRelay, _ host: BuiltInHost) {
    // The recorded engine keeps them.
    if host.compatibility.forgetsEndedChannels { relay.onEnd = { [weak self] in self?.channels.noteEnd(of: $0) } }
  }

  // MARK: Channels of the engine

  /// The name of a new channel, of which a part of the engine has an end; the channel itself is made when somebody looks at it,
  /// opens its other end, or has something to write. `nil` once the engine has stopped.
  ///
  /// - Parameter holder: Called as long as the channel is neither there nor forgotten, which the holder sees to.
  func reserve(for holder: any ChannelHolder) -> ChannelName? {
    guard let host else { return nil }
    let name = newName(host)
    channels.reserve(ReservedChannel(name: name, created: host.now, holder: holder))
    setSweep()
    return name
  }

  /// Makes a reserved channel, if it is one.
  func open(_ id: UUID128) { if let channel = channels.reserved(id) { open(channel) } }

  private func open(_ channel: ReservedChannel) {
    guard let host else { return }
    let relay = ChannelRelay(channel.name, capacity: nil, createdBy: nil, on: host, at: channel.created)
    watchEnd(of: relay, host)
    channels.open(channel, as: relay)
    channel.holder.channelOpened(relay)
  }

  /// Nobody can open the ends of a channel any more; open ends go on.
  func forget(_ name: ChannelName) { channels.remove(name) }

  // MARK: Looking at channels

  /// The channels that have not ended, in the order in which they were made.
  var all: [ChannelRelay] {
    for channel in channels.reserved() { open(channel) }
    return channels.relays.filter { !$0.hasEnded }.sorted { $0.number < $1.number }
  }

  /// The channel with this id that has not ended, whatever its key is.
  func find(id text: String) -> ChannelRelay? { relay(text).flatMap { $0.hasEnded ? nil : $0 } }

  /// The channel of a request; `nil` if there is none with its id or the key is another one.
  private func find(_ request: ChannelRequest) -> ChannelRelay? {
    guard let relay = relay(request.id), ByteKey.isSame(relay.name.key.description, request.key) else { return nil }
    return relay
  }

  private func relay(_ text: String) -> ChannelRelay? {
    // Ids are compared as texts: of the forms of a UUID, only the one that was given out is the channel's.
    guard let id = UUID128(text), ByteKey.isSame(id.description, text) else { return nil }
    open(id)
    return channels.relay(id)
  }

  // MARK: Connections

  func admit(_ request: HTTPRequestHead, on connection: Peer) {
    guard let id = ChannelRequest.id(in: request.path) else {
      return connection.send(Upgrade.check(request, isKnownPath: false).response)
    }
    switch ChannelRequest.check(request, id: id) {
    case .refused(let response): connection.send(response)
    case .wellFormed(let request, let response):
      guard let relay = find(request) else { return connection.send(ChannelRequest.notFound) }
      connection.send(response)
      // The role comes first: a reader may be sent messages at once, and may be lost by that.
      connection.become(ChannelEnd(of: relay, request.direction))
      if !relay.take(request.direction, by: connection) {
        connection.end(with: FrameEncoder.close(nil, maskKey: nil), because: "the channel's end was taken before")
      }
    }
  }

  /// Ends the channels whose other end nobody opened.
  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard let host else { return }
    sweep = nil
    for channel in channels.reserved(before: ChannelRegistry.sweepLimit(now: host.now)) { open(channel) }
    let forgets = kernel.compatibility.forgetsEndedChannels
    for relay in channels.sweep(now: host.now, forgetsEnded: forgets) { relay.abandon() }
    setSweep()
  }

  func stop() { channels = ChannelRegistry() }
}

/// The function of channels.
enum ChannelFunction: String, BuiltInFamily {
  case create = "engine::channels::create"

  var description: String { "Create a streaming channel pair" }
  var inputName: String { "CreateChannelInput" }
  var fields: [BuiltInField] { [.init("buffer_size", .usize)] }

  var responseSchema: JSONValue {
    let text: JSONValue = ["type": "string"]
    let reference: JSONValue = ["$ref": "#/definitions/ChannelRef"]
    let schema = BuiltInSchema.object(
      "CreateChannelResult", ["reader": reference, "writer": reference], required: ["reader", "writer"])
    guard case .object(var members) = schema else { return schema }
    members["definitions"] = [
      "ChannelRef": [
        "type": "object",
        "properties": [
          "access_key": text, "channel_id": text, "direction": ["type": "string", "enum": ["read", "write"]],
        ],
        "required": ["access_key", "channel_id", "direction"],
      ]
    ]
    return .object(members)
  }
}

/// The role of a connection at an end of a channel.
final class ChannelEnd: ConnectionRole {
  private let relay: ChannelRelay
  private let direction: ChannelDirection

  var name: String { "the connection at a channel's \(direction) end" }

  init(of relay: ChannelRelay, _ direction: ChannelDirection) {
    self.relay = relay
    self.direction = direction
  }

  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer) {
    connection.reader.append(bytes)
    switch relay.read(connection, direction) {
    // The reason is repeated as well, as the real engine does to writers.
    case .closed(let reason): connection.answer(reason, echoing: reason.reason)
    case .broken(let violation):
      connection.refuse(violation, note: "the connection at a channel's \(direction) end was dropped: \(violation)")
    case nil: break
    }
  }

  func drained(_ connection: Peer) { relay.drained(direction) }
  func ended(_ connection: Peer) { relay.ended(direction) }
}
