/// A worker that has an engine make one channel.
final class RawChannelMaker: RawWebSocket {
  private var name: (id: String, key: String)?

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    let received = excerpt(bytes, count)
    if received.hasPrefix(#"{"type":"workerregistered""#) {
      send(
        #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-000000000000","#
          + #""function_id":"engine::channels::create","data":{}}"#)
      return
    }
    guard let id = Self.member("channel_id", of: received), let key = Self.member("access_key", of: received) else {
      fail("the engine makes no channel: \(received)")
    }
    name = (id, key)
    loop.stop()
  }

  private static func member(_ name: String, of text: String) -> String? {
    text.firstRange(of: "\"\(name)\":\"").map { String(text[$0.upperBound...].prefix { $0 != "\"" }) }
  }

  override func ended() { if name == nil { fail("the maker of a channel was disconnected") } }

  /// The targets of a new channel's ends.
  static func targets(on loop: RawLoop, port: UInt16) -> (writer: String, reader: String) {
    let maker = RawChannelMaker(loop: loop, role: .client)
    loop.connect(maker, port: port)
    loop.run(awaiting: "a channel to be made on port \(port)")
    maker.close()
    let (id, key) = maker.name ?? ("", "")
    let target = "/ws/channels/\(id)?key=\(key)&dir="
    return (target + "write", target + "read")
  }
}
