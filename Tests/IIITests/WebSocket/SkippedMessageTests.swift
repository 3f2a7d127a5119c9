import TestSupport
import Testing

@testable import III

@Suite("Messages above the limit are skipped")
struct SkippedMessageTests {
  private let limits = FrameLimits(maxFrameBytes: 100, maxMessageBytes: 100, skipsLargeMessages: true)

  /// The parts of each skipped message, and the other events.
  private func skipped(_ bytes: [UInt8], cuts: [Int] = []) -> (messages: [String], others: [OwnedEvent]) {
    var messages: [String] = []
    var others: [OwnedEvent] = []
    var present: [UInt8] = []
    for event in read(bytes, as: .client, limits: limits, cuts: cuts) {
      guard case .skipped(let part, let isLast) = event else {
        others.append(event)
        continue
      }
      present += part
      if isLast {
        messages.append(String(decoding: present, as: UTF8.self))
        present = []
      }
    }
    #expect(present.isEmpty)
    return (messages, others)
  }

  private func frame(_ text: String, _ opcode: Opcode = .text, fin: Bool = true) -> [UInt8] {
    Array(text.utf8).withView { FrameEncoder.frame(opcode, $0, fin: fin, maskKey: nil) }
  }

  @Test("a large message is passed on in parts; those before and after it are read, wherever the bytes are cut")
  func whole() {
    let large = String(repeating: "x", count: 101)
    let bytes = frame("before") + frame(large) + frame("after") + frame(large) + frame("")
    for cut in 0..<bytes.count {
      let (messages, others) = skipped(bytes, cuts: [cut])
      #expect(messages == [large, large])
      #expect(others == [.text("before"), .text("after"), .text("")])
    }
  }

  @Test(
    "a message whose fragments exceed the limit is passed on completely, and control frames between them are read")
  func fragments() {
    let part = String(repeating: "y", count: 60)
    let bytes =
      frame(part, fin: false) + frame("p", .ping) + frame(part, .continuation, fin: false) + frame("q", .ping)
      + frame(part, .continuation, fin: false) + frame("", .continuation) + frame("after")
    for cut in 0..<bytes.count {
      let (messages, others) = skipped(bytes, cuts: [cut])
      #expect(messages == [part + part + part])
      #expect(others == [.ping(Array("p".utf8)), .ping(Array("q".utf8)), .text("after")])
    }
  }

  @Test("type and ids are found before and after a payload, in parts of any size", arguments: 1..<40)
  func scan(size: Int) {
    let id = UUID128.random()
    let data = #"{"type":"x","invocation_id":"no","list":[1,{"function_id":"no"}],"text":"\"},{\\"}"#
    for text in [
      #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"a::\u0062","data":\#(data)}"#,
      #" { "data" : \#(data) , "function_id" : "a::b","type":"invokefunction" ,"invocation_id":"\#(id)" }"#,
    ] {
      var scan = OversizeScan()
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        Array(bytes[start..<min(start + size, bytes.count)]).withView { scan.read($0) }
      }
      #expect(
        scan.message
          == OversizedMessage(kind: .invokeFunction, invocationID: id, functionID: "a::b", count: bytes.count))
    }
  }

  @Test(
    "nothing is found in a text that is no object",
    arguments: [#"["type","invokefunction"]"#, "[]}{", #""type""#, "}}}}"])
  func noObject(text: String) {
    var scan = OversizeScan()
    Array(text.utf8).withView { scan.read($0) }
    #expect(scan.message == OversizedMessage(count: text.utf8.count))
  }
}
