internal import III
internal import UV

/// A channel with the connections at its ends. Confined to the engine's loop.
final class ChannelRelay {
  let name: ChannelName
  /// By the engine's time, in nanoseconds.
  let created: UInt64
  /// The worker that asked for the channel; `nil` if a part of the engine did.
  let creator: WorkerRecord?
  /// The channel's place in the order in which the engine's channels were made.
  var number: UInt64 = 0
  /// Whether both ends have ended, and their connections too.
  private(set) var hasEnded = false
  /// Called at that moment.
  var onEnd: ((ChannelRelay) -> Void)?
  /// How many bytes the reader is sent in a second, where a test has limited that.
  private(set) var bytesPerSecond: Int?
  private var channel: Channel
  private let host: BuiltInHost
  private(set) var writer: Peer?
  private var reader: Peer?
  /// Parts of the engine at the ends, in place of connections.
  private weak var heldWriter: (any HeldWriter)?
  private weak var heldReader: (any HeldReader)?
  /// The reader has been sent everything but the Close.
  private var isFinishing = false
  /// A send may end the reader's connection while the channel is being changed: the channel hears of it afterwards.
  private var isChanging = false
  private var lost: [ChannelDirection] = []
  /// The same for a send after which nothing waits any more, as on a connection that a fault slows.
  private var hasDrained = false

  /// Bytes that may be written before the connection's backlog is checked.
  private var room = ChannelRelay.window

  /// The reader is sent no more while its backlog is this large.
  private static let window = 256 << 10
  /// The least overhead of a message's frame.
  private static let overhead = 2

  init(_ name: ChannelName, capacity: Int?, createdBy creator: WorkerRecord?, on host: BuiltInHost, at created: UInt64)
  {
    self.name = name
    self.creator = creator
    self.host = host
    self.created = created
    channel = Channel(capacity: capacity)
  }

  var capacity: Int { channel.capacity }
  var isOrphaned: Bool { channel.isOrphaned }

  // MARK: Ends

  /// A part of the engine takes the writing end of a new channel.
  func hold(writer: any HeldWriter) {
    if channel.take(.write) { heldWriter = writer }
  }

  /// A part of the engine takes the reading end of a new channel; messages come from now on.
  func hold(reader: any HeldReader) {
    guard channel.take(.read) else { return }
    heldReader = reader
    change { $0.readerDrained(self) }
  }

  /// Writes a binary message, for the part of the engine that has the writing end.
  func write(_ bytes: ByteView) { change { $0.received(bytes, isText: false, self) } }

  /// The part of the engine that writes has written everything.
  func endWriting() {
    guard heldWriter != nil else { return }
    heldWriter = nil
    ended(.write)
  }

  /// The part of the engine that reads takes messages again.
  func resumeReading() { change { $0.readerDrained(self) } }

  /// The part of the engine that reads wants no more.
  func endReading() {
    guard heldReader != nil else { return }
    heldReader = nil
    ended(.read)
  }

  /// A connection takes an end; returns `false` if it was taken before.
  func take(_ direction: ChannelDirection, by peer: Peer) -> Bool {
    guard channel.take(direction) else { return false }
    switch direction {
    case .write: writer = peer
    case .read:
      reader = peer
      limitReader()
      change { $0.readerDrained(self) }
    }
    return true
  }

  /// An end's connection has ended by itself, or by what its peer did.
  func ended(_ direction: ChannelDirection) {
    switch direction {
    case .write: writer = nil
    case .read: reader = nil
    }
    if isChanging { lost.append(direction) } else { change { $0.lost(direction, self) } }
  }

  /// Ends the channel because its other side never connected.
  func abandon() {
    if channel.writer != channel.reader {
      let missing = channel.writer == .free ? ChannelDirection.write : .read
      host.note(
        .warning(
          "channel \(name.id) was removed: nobody opened its \(missing.rawValue) end for "
            + "\(ChannelRegistry.sweepAge); ends connect with the first message or read"))
    }
    change { $0.abandon(self) }
  }

  /// What was written to an end's connection has gone.
  func drained(_ direction: ChannelDirection) {
    guard direction == .read else { return }
    finishIfDrained()
    room = ChannelRelay.window
    if isChanging { hasDrained = true } else { change { $0.readerDrained(self) } }
  }

  // MARK: Reading

  /// Reads what has come from an end.
  func read(_ peer: Peer, _ direction: ChannelDirection) -> Router.ConnectionEnd? {
    switch direction {
    // One access to frames and channel for each read, however many messages it brought.
    case .write: change { $0.read(&peer.reader, self) }.map { .broken($0) }
    case .read: readReader(peer)
    }
  }

  /// Of what a reader sends, only pings and a Close count.
  private func readReader(_ peer: Peer) -> Router.ConnectionEnd? {
    while let message = peer.reader.nextMessage({ peer.pong($0) }) {
      if case .end(let end) = message { return end }
      if peer.reader.hasMore && peer.isTurnOver { break }
    }
    return nil
  }

  /// Messages that a fault has held are handled now.
  func receive(_ messages: [FaultTable.Held]) {
    change { channel in
      for message in messages { message.bytes.withView { channel.received($0, isText: message.isText, self) } }
    }
  }

  private func change<Result>(_ body: (inout Channel) -> Result) -> Result {
    isChanging = true
    let result = body(&channel)
    while hasDrained || !lost.isEmpty {
      if hasDrained {
        hasDrained = false
        channel.readerDrained(self)
      } else {
        channel.lost(lost.removeFirst(), self)
      }
    }
    isChanging = false
    tellEnd()
    return result
  }

  /// Tells that the channel has ended, once it has.
  private func tellEnd() {
    guard !hasEnded, channel.isFinished, writer == nil, reader == nil else { return }
    hasEnded = true
    onEnd?(self)
    onEnd = nil
  }

  // MARK: What tests do

  /// The channel as tests see it.
  var status: MockEngine.ChannelStatus {
    MockEngine.ChannelStatus(
      id: name.id.description, creator: creator?.label, capacity: channel.capacity,
      writer: .init(channel.writer, writer != nil),
      reader: .init(channel.reader, reader != nil),
      bufferedBytes: channel.waitingBytes + (reader?.stream.unsentBytes ?? 0), messagesPassed: channel.passed,
      bytesPerSecond: bytesPerSecond)
  }

  /// Resets the connections of ends; returns how many there were.
  func cut(_ directions: [ChannelDirection]) -> Int {
    // The reader first: otherwise it would be told that the writer has ended.
    let ends = [(ChannelDirection.read, reader), (.write, writer)].filter { directions.contains($0.0) && $0.1 != nil }
    for case (let direction, let peer?) in ends {
      host.note(.warning("channel \(name.id): the connection at its \(direction) end was cut by a test"))
      peer.peers.leave(peer, because: "cut by a test")
      peer.stream.reset()
    }
    return ends.count
  }

  /// Sends the reader at most so many bytes in a second of the engine's time; `nil`: without a limit.
  func limit(bytesPerSecond: Int?) {
    self.bytesPerSecond = bytesPerSecond
    limitReader()
  }

  private func limitReader() {
    guard let peer = reader, bytesPerSecond != nil || peer.shaper != nil else { return }
    // The answer to the request of a reader that connects now is no data.
    peer.stream.flush()
    let shaper = peer.shaper ?? Shaper(peer, peer.peers.timers)
    peer.shaper = shaper
    if let bytesPerSecond {
      shaper.add(.limit(bytesPerSecond), .sent, of: Shaper.ofTests)
    } else {
      shaper.remove(Shaper.ofTests)
    }
  }
}

extension ChannelRelay: ChannelOutput {
  func deliver(_ bytes: ByteView, isText: Bool) -> Bool {
    if let heldReader { return heldReader.channelDelivers(bytes, isText: isText) }
    guard let reader else { return false }
    reader.send(isText ? .text : .binary, bytes)
    room -= bytes.count + ChannelRelay.overhead
    if room > 0 { return true }
    // At once: if the kernel takes all of it, no drain is reported.
    reader.stream.flush()
    room = ChannelRelay.window - reader.stream.unsentBytes
    return room > 0
  }

  func pong(_ payload: ByteView) { writer?.pong(payload) }
  var isTurnOver: Bool { writer?.isTurnOver ?? false }

  /// The Close follows when the backlog is sent, however slow the reader is.
  func finishReader() {
    if let held = heldReader {
      heldReader = nil
      return held.channelWriterLeft()
    }
    reader?.stream.flush()
    isFinishing = true
    finishIfDrained()
  }

  private func finishIfDrained() {
    guard let peer = reader, isFinishing, peer.stream.unsentBytes == 0 else { return }
    reader = nil
    peer.end(with: FrameEncoder.close(nil, maskKey: nil), because: "the channel has ended")
    if !isChanging { tellEnd() }
  }

  func pauseWriter() {
    heldWriter?.channelIsFull()
    writer?.pause(.role)
  }

  func resumeWriter() {
    // Later, because whoever holds the end writes again, and the channel is being changed.
    if let held = heldWriter { host.later { held.channelHasRoom() } }
    writer?.resume(.role)
  }

  func answerClose(_ reason: CloseReason) {
    guard let peer = writer else { return }
    writer = nil
    peer.end(
      with: FrameEncoder.close(reason.code, reason: reason.reason, maskKey: nil), because: "the channel has ended")
  }

  func dropWriter() {
    if let held = heldWriter {
      heldWriter = nil
      return held.channelReaderLeft()
    }
    guard let peer = writer else { return }
    writer = nil
    host.note(.warning("channel \(name.id): its reader left, so its writer was dropped"))
    peer.drop(because: "the channel has no reader")
  }
}

/// A part of the engine that writes into a channel.
protocol HeldWriter: AnyObject {
  /// Much waits for the reader: `channelHasRoom` or `channelReaderLeft` follows.
  func channelIsFull()
  func channelHasRoom()
  /// Nobody will read what is written.
  func channelReaderLeft()
}

/// A part of the engine that reads from a channel.
protocol HeldReader: AnyObject {
  /// A message; returns whether the reader takes more now. If not, it calls `resumeReading`.
  func channelDelivers(_ bytes: ByteView, isText: Bool) -> Bool
  /// Nothing more comes.
  func channelWriterLeft()
}
