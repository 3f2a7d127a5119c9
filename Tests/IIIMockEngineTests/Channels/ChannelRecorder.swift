import III

@testable import IIIMockEngine

/// Plays the sockets at a channel's ends: keeps what happens to them.
final class ChannelRecorder: ChannelOutput {
  enum Event: Equatable {
    case delivered(String)
    case finished, paused, resumed, dropped
    case answered(UInt16?)
  }

  private(set) var events: [Event] = []
  /// How many messages the reader takes before it is slow.
  var room = Int.max

  /// What has happened since the last call.
  func take() -> [Event] {
    defer { events = [] }
    return events
  }

  func deliver(_ bytes: ByteView, isText: Bool) -> Bool {
    events.append(.delivered((isText ? "" : "b:") + bytes.string))
    room -= 1
    return room > 0
  }
  func finishReader() { events.append(.finished) }
  func pong(_ payload: ByteView) {}
  var isTurnOver: Bool { false }
  func pauseWriter() { events.append(.paused) }
  func resumeWriter() { events.append(.resumed) }
  func answerClose(_ reason: CloseReason) { events.append(.answered(reason.code)) }
  func dropWriter() { events.append(.dropped) }
}

/// A channel with its recorder.
final class ChannelBench {
  var channel: IIIMockEngine.Channel
  let output = ChannelRecorder()

  init(capacity: Int? = nil) { channel = Channel(capacity: capacity) }

  func take(_ direction: ChannelDirection) -> Bool {
    guard channel.take(direction) else { return false }
    if direction == .read { channel.readerDrained(output) }
    return true
  }

  func write(_ texts: String...) {
    for text in texts { Array(text.utf8).withView { channel.received($0, isText: true, output) } }
  }

  func close(_ code: UInt16? = 1000) { channel.writerClosed(CloseReason(code: code), output) }
  func lose(_ direction: ChannelDirection) { channel.lost(direction, output) }

  /// The reader takes so many messages more.
  func drain(_ count: Int = .max) {
    output.room = count
    channel.readerDrained(output)
  }
}
