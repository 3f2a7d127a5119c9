internal import III

/// A channel as a plain value: a bounded queue of messages between one writer and one reader; each end is taken once.
///
/// Up to `capacity` messages wait for the reader, and one more. Then the writer has to wait: its Close is not answered,
/// and after its next message it is read no further. Messages that had been received before the writer was stopped wait
/// as well.
struct Channel {
  /// The state of one end, which is taken once in the channel's life.
  enum End {
    case free, open, gone
  }

  private struct Message {
    let bytes: [UInt8]
    let isText: Bool
  }

  let capacity: Int
  private(set) var writer = End.free
  private(set) var reader = End.free
  private var waiting = FIFO<Message>()
  /// The bytes of the messages that wait.
  private(set) var waitingBytes = 0
  /// The messages that the reader was sent.
  private(set) var passed = 0
  private var readerTakesMore = false
  private var isPaused = false
  /// The writer's Close, received while its messages wait for room.
  private var unanswered: CloseReason?

  static let defaultCapacity = 64
  static let capacities = 1...1024

  init(capacity: Int?) {
    let wanted = capacity ?? Channel.defaultCapacity
    self.capacity = min(max(wanted, Channel.capacities.lowerBound), Channel.capacities.upperBound)
  }

  /// Whether the writer has to wait for room.
  private var isFull: Bool { waiting.count > capacity }

  /// Messages that wait.
  var count: Int { waiting.count }

  /// Whether both ends were taken and have ended.
  var isFinished: Bool { writer == .gone && reader == .gone }

  /// Whether an end was never taken.
  var isOrphaned: Bool { writer == .free || reader == .free }

  // MARK: Ends

  /// Takes an end; returns `false` if it was taken before. A reader is sent nothing before `readerDrained`.
  mutating func take(_ direction: ChannelDirection) -> Bool {
    switch direction {
    case .write:
      guard writer == .free else { return false }
      writer = .open
    case .read:
      guard reader == .free else { return false }
      reader = .open
    }
    return true
  }

  /// An end's connection has ended without a Close from the writer.
  mutating func lost(_ direction: ChannelDirection, _ output: some ChannelOutput) {
    switch direction {
    case .write: writerWent(output)
    case .read: readerWent(output)
    }
  }

  /// Ends a channel whose other side never connected.
  mutating func abandon(_ output: some ChannelOutput) {
    if writer == .free { writerWent(output) }
    if reader == .free { readerWent(output) }
  }

  // MARK: The writer

  /// Reads the frames of one read of the writer's connection; returns the protocol violation, if there was one.
  mutating func read(_ frames: inout FrameReader, _ output: some ChannelOutput) -> FrameViolation? {
    while let message = frames.nextMessage({ output.pong($0) }) {
      switch message {
      case .text(let bytes): handle(bytes, isText: true, output)
      case .binary(let bytes): handle(bytes, isText: false, output)
      case .control, .pong: break
      case .end(.closed(let reason)): writerClosed(reason, output)
      case .end(.broken(let violation)): return violation
      }
      if frames.hasMore && output.isTurnOver { break }
    }
    return nil
  }

  /// A message came: faults may lose it, or make others of it.
  @inline(__always) private mutating func handle(_ bytes: ByteView, isText: Bool, _ output: some ChannelOutput) {
    guard let messages = output.throughFaults(bytes, isText: isText) else {
      return received(bytes, isText: isText, output)
    }
    for message in messages { message.bytes.withView { received($0, isText: message.isText, output) } }
  }

  mutating func received(_ bytes: ByteView, isText: Bool, _ output: some ChannelOutput) {
    guard writer == .open, unanswered == nil else { return }
    if reader == .gone {
      writer = .gone
      output.dropWriter()
    } else if readerTakesMore && waiting.isEmpty {
      passed += 1
      readerTakesMore = output.deliver(bytes, isText: isText)
    } else {
      if isFull && !isPaused {
        isPaused = true
        output.pauseWriter()
      }
      waiting.append(Message(bytes: bytes.array, isText: isText))
      waitingBytes += bytes.count
    }
  }

  mutating func writerClosed(_ reason: CloseReason, _ output: some ChannelOutput) {
    guard writer == .open else { return }
    if isFull {
      unanswered = reason
    } else {
      output.answerClose(reason)
      writerWent(output)
    }
  }

  private mutating func writerWent(_ output: some ChannelOutput) {
    writer = .gone
    isPaused = false
    unanswered = nil
    finishIfEmpty(output)
  }

  // MARK: The reader

  /// The reader takes messages, for the first time or again.
  mutating func readerDrained(_ output: some ChannelOutput) {
    guard reader == .open else { return }
    readerTakesMore = true
    while readerTakesMore, let message = waiting.popFirst() {
      passed += 1
      waitingBytes -= message.bytes.count
      readerTakesMore = message.bytes.withView { output.deliver($0, isText: message.isText) }
    }
    if !isFull {
      if let reason = unanswered {
        output.answerClose(reason)
        writer = .gone
        unanswered = nil
      } else if isPaused {
        output.resumeWriter()
      }
      isPaused = false
    }
    finishIfEmpty(output)
  }

  /// A writer that waits for room is dropped at once, for it would wait forever; another one with its next message.
  private mutating func readerWent(_ output: some ChannelOutput) {
    reader = .gone
    let isWaitedFor = isFull && writer == .open
    _ = waiting.removeAll()
    waitingBytes = 0
    guard isWaitedFor else { return }
    isPaused = false
    unanswered = nil
    writer = .gone
    output.dropWriter()
  }

  private mutating func finishIfEmpty(_ output: some ChannelOutput) {
    guard writer == .gone, reader == .open, waiting.isEmpty else { return }
    reader = .gone
    output.finishReader()
  }
}
