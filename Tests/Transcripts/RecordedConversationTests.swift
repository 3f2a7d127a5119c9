import III
import Testing
import Transcripts

@Suite struct RecordedConversationTests {
  private static let id = "0b0c0d0e-0000-4000-8000-000000000001"

  @Test("ids, secrets, trace contexts, time stamps and process numbers become placeholders")
  func placeholders() {
    var conversation = RecordedConversation()
    let peer = conversation.opened(path: "/", headers: [("x-api-key", "k"), ("x-team", "a")])
    conversation.received(.text(#"{"worker_id":"\#(Self.id)","reattach_token":"t0k"}"#), by: peer)
    conversation.sent(
      .text(
        #"{"function_id":"engine::workers::register","data":{"name":"vm:12","pid":12,"at":"2026-01-02T03:04:05.6Z"}}"#),
      by: peer)
    conversation.sent(
      .text(
        #"{"of":"\#(Self.id)!","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","pid":12}"#),
      by: peer)
    conversation.received(.text(#"{"at":"2026-01-02T03:04:05Z","ms":5}"#), by: peer)
    _ = conversation.opened(path: "/ws/channels/\(Self.id)?key=t0k", headers: [])
    conversation.left(peer, code: nil, isAbort: true)
    conversation.closed("peer2", code: 1006, reason: "")
    #expect(
      conversation.steps.map(\.text) == [
        #"{"peer":"peer1","open":{"path":"/","headers":{"x-api-key":"[REDACTED]","x-team":"a"},"port":"main"},"accepted":true}"#,
        #"{"peer":"peer1","receive":{"worker_id":"$uuid1","reattach_token":"$secret1"}}"#,
        #"{"peer":"peer1","send":{"function_id":"engine::workers::register","data":{"name":"vm:$number","pid":"$number","at":"$timestamp"}}}"#,
        #"{"peer":"peer1","send":{"of":"$uuid1!","traceparent":"$traceparent","pid":12}}"#,
        #"{"peer":"peer1","receive":{"at":"2026-01-02T03:04:05Z","ms":5}}"#,
        #"{"peer":"peer2","open":{"path":"/ws/channels/$uuid1?key=$secret1","headers":{},"port":"main"},"accepted":true}"#,
        #"{"peer":"peer1","abort":true}"#,
        #"{"peer":"peer2","closed":{"code":1006,"reason":""}}"#,
      ])
  }

  @Test("text that is not JSON, binary messages and long binary messages are recorded, up to a limit")
  func messages() {
    var conversation = RecordedConversation(limit: 6000)
    conversation.sent(.text("{"), by: "a")
    conversation.received(.binary([1, 2, 255]), by: "a")
    conversation.received(.binary([UInt8](repeating: 0, count: 5000)), by: "a")
    #expect(!conversation.isCut)
    conversation.sent(.text(String(repeating: "x", count: 5000)), by: "a")
    #expect(conversation.isCut)
    #expect(
      conversation.steps.map(\.text) == [
        #"{"peer":"a","send":{"text":"{"}}"#, #"{"peer":"a","receive":{"base64":"AQL/"}}"#,
        #"{"peer":"a","receive":{"bytes":5000}}"#,
      ])
  }

  @Test("base64 is read back as it was written, and what is not base64 is refused")
  func base64() throws {
    for count in 0..<20 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
      #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
    }
    #expect(Base64.encode(Array("any carnal pleas".utf8)) == "YW55IGNhcm5hbCBwbGVhcw==")
    for text in ["A", "AAA", "A===", "=AAA", "AA=A", "AA A", "AAAA="] {
      #expect(throws: JSON.Unreadable.self) { try Base64.decode(text) }
    }
  }
}
