import Testing

@testable import III

@Suite("Channel inbox") struct ChannelInboxTests {
  private func opened() -> ChannelInbox {
    var inbox = ChannelInbox()
    _ = inbox.take(0)
    inbox.opened()
    inbox.receive(.text("first"))
    _ = inbox.takeActions()
    return inbox
  }

  @Test("the first read opens the connection; items are delivered in order, to the reads in order")
  func order() {
    var inbox = ChannelInbox()
    #expect(inbox.take(1) == nil)
    #expect(inbox.take(2) == nil)
    #expect(inbox.takeActions() == [.open])
    inbox.opened()
    for item in [ChannelItem.text("a"), .binary([1]), .text("b")] { inbox.receive(item) }
    #expect(inbox.takeActions() == [.deliver(1, .success(.text("a"))), .deliver(2, .success(.binary([1])))])
    #expect(inbox.take(3) == .success(.text("b")))
  }

  @Test("reading pauses above 1 MiB and resumes below 256 KiB")
  func backpressure() {
    var inbox = opened()
    let part = ChannelItem.binary([UInt8](repeating: 0, count: 1 << 16))
    for _ in 0..<16 { inbox.receive(part) }
    #expect(inbox.takeActions() == [.pause])
    for _ in 0..<12 { #expect(inbox.take(1) == .success(part)) }
    #expect(inbox.takeActions() == [])
    #expect(inbox.take(1) == .success(part))
    #expect(inbox.takeActions() == [.resume])
    for _ in 0..<3 { #expect(inbox.take(1) == .success(part)) }
    #expect(inbox.take(1) == nil)
  }

  @Test("the end comes after the items; a cut connection is an error")
  func ends() {
    var inbox = opened()
    inbox.receive(.binary([1]))
    inbox.received(close: CloseReason(code: nil))
    #expect(inbox.takeActions() == [.closed])
    #expect(inbox.take(1) == .success(.binary([1])))
    #expect(inbox.take(2) == .success(nil))
    var cut = opened()
    #expect(cut.take(1) == nil)
    cut.failed(.cutOff("reset"))
    #expect(cut.takeActions() == [.deliver(1, .failure(.cutOff("reset"))), .closed])
    #expect(cut.take(2) == .failure(.cutOff("reset")))
  }

  @Test("a closed reader gives nothing more, and tells the engine if it was connected")
  func closing() {
    var inbox = opened()
    inbox.receive(.binary([1]))
    inbox.close()
    inbox.close()
    #expect(inbox.takeActions() == [.drop])
    #expect(inbox.take(1) == .failure(.closed))
    var unused = ChannelInbox()
    unused.close()
    #expect(unused.takeActions() == [])
  }

  @Test("a cancelled read takes no item")
  func cancelling() {
    var inbox = opened()
    _ = inbox.take(1)
    _ = inbox.take(2)
    let (first, second) = (inbox.cancel(1), inbox.cancel(1))
    #expect(first && !second)
    inbox.receive(.text("b"))
    #expect(inbox.takeActions() == [.deliver(2, .success(.text("b")))])
  }
}
