import Testing

@testable import III

@Suite("Channel writer machine") struct ChannelWriterMachineTests {
  typealias Action = ChannelWriterMachine.Action

  private func text(_ frame: ChannelWriterMachine.Frame?) -> String? {
    switch frame {
    case .message(let opcode, let bytes, let part): "\(opcode) \(bytes[part].count)"
    case .close(let code, let reason): "close \(code) \(reason)"
    case nil: nil
    }
  }

  /// A writer that is connected and has written nothing.
  private func opened() -> ChannelWriterMachine {
    var machine = ChannelWriterMachine()
    machine.write(nil, .binary, [])
    machine.opened()
    _ = machine.fill()
    _ = machine.takeActions()
    return machine
  }

  @Test("the first write opens the connection; data leaves in parts of 64 KiB, texts whole, in order")
  func order() {
    var machine = ChannelWriterMachine()
    machine.write(1, .binary, [UInt8](repeating: 7, count: 150 << 10))
    #expect(machine.takeActions() == [.open])
    machine.write(2, .text, [UInt8](repeating: 8, count: 100_000))
    machine.write(nil, .binary, [])
    #expect(machine.takeActions() == [])
    #expect(text(machine.fill()) == nil)
    machine.opened()
    #expect(machine.takeActions() == [.flush])
    #expect(text(machine.fill()) == "binary 65536")
    #expect(text(machine.fill()) == "binary 65536")
    #expect(machine.takeActions() == [])
    #expect(text(machine.fill()) == "binary 22528")
    #expect(machine.takeActions() == [.released(150 << 10), .complete(1, nil)])
    #expect(text(machine.fill()) == "text 100000")
    #expect(text(machine.fill()) == "binary 0")
    #expect(text(machine.fill()) == nil)
    #expect(machine.takeActions() == [.released(100_000), .complete(2, nil), .released(0)])
  }

  @Test("the Close leaves after the data and a pause, and ends when the engine confirms it")
  func closing() {
    var machine = opened()
    machine.write(1, .binary, [1])
    machine.close(2)
    machine.close(3)
    machine.write(4, .binary, [2])
    _ = machine.takeActions()
    #expect(text(machine.fill()) == "binary 1")
    #expect(text(machine.fill()) == nil)
    #expect(machine.takeActions() == [.released(1), .complete(1, nil), .settle])
    #expect(text(machine.fill()) == nil)
    machine.settled()
    #expect(machine.takeActions() == [.flush])
    #expect(text(machine.fill()) == "close 1000 stream_complete")
    machine.received(close: CloseReason(code: 1000, reason: "stream_complete"))
    #expect(machine.takeActions() == [.drop(afterFlush: true), .complete(2, nil), .complete(3, nil)])
    machine.close(5)
    machine.write(6, .text, [1])
    #expect(machine.takeActions() == [.complete(5, nil), .released(1), .complete(6, .closed)])
  }

  @Test("a connection that ends early fails what waits, what comes later, and the close")
  func cutOff() {
    var machine = opened()
    machine.write(1, .binary, [UInt8](repeating: 0, count: 70_000))
    machine.write(nil, .binary, [1, 2])
    machine.close(2)
    _ = machine.fill()
    _ = machine.takeActions()
    machine.ended("ECONNRESET")
    let reason = IIIChannelError.Reason.cutOff("the reader has left, or the connection was lost: ECONNRESET")
    #expect(
      machine.takeActions() == [
        .drop(afterFlush: false), .released(70_000), .complete(1, reason), .released(2), .complete(2, reason),
      ])
    machine.close(3)
    #expect(machine.takeActions() == [.complete(3, reason)])
    #expect(machine.failure == reason)
  }

  @Test("an end without the engine's confirmation is an error: data may be missing")
  func unconfirmed() {
    var machine = opened()
    machine.close(1)
    _ = machine.fill()
    machine.settled()
    _ = machine.fill()
    _ = machine.takeActions()
    machine.ended("EOF")
    let reason = IIIChannelError.Reason.cutOff(
      "the connection ended before the engine confirmed the end of the data: EOF")
    #expect(machine.takeActions() == [.drop(afterFlush: false), .complete(1, reason)])
  }

  @Test("a Close without a code means that the end was taken")
  func taken() {
    var machine = opened()
    machine.received(close: CloseReason(code: nil))
    #expect(machine.failure == .alreadyTaken)
    machine = opened()
    machine.received(close: CloseReason(code: 1011, reason: "oops"))
    #expect(machine.failure == .cutOff("the engine closed the connection 'oops'"))
  }

  @Test("cancelled writes are not sent, or not further")
  func cancelling() {
    var machine = opened()
    machine.write(1, .binary, [UInt8](repeating: 0, count: 70_000))
    machine.write(2, .binary, [2])
    machine.write(3, .binary, [3, 3])
    machine.close(4)
    _ = machine.fill()
    _ = machine.takeActions()
    machine.cancel(1)
    machine.cancel(2)
    machine.cancel(4)
    machine.cancel(5)
    #expect(
      machine.takeActions() == [.released(70_000), .cancelled(1), .released(1), .cancelled(2), .cancelled(4)])
    #expect(text(machine.fill()) == "binary 2")
  }

  @Test("a writer that was never used does not connect when it is abandoned; one that was used sends what it has")
  func abandoned() {
    var unused = ChannelWriterMachine()
    unused.abandon()
    #expect(unused.takeActions() == [])
    var machine = opened()
    machine.write(nil, .binary, [1])
    machine.abandon()
    _ = machine.takeActions()
    #expect(text(machine.fill()) == "binary 1")
    #expect(text(machine.fill()) == nil)
    #expect(machine.takeActions() == [.released(1), .settle])
  }
}
