import Foundation
import Testing

@testable import III

@Suite struct StreamChannelRefTests {
  @Test("a ref is an object with three members; other directions are not accepted")
  func json() throws {
    let ref = StreamChannelRef(channelID: "c", accessKey: "k", direction: .read)
    let json: JSONValue = ["channel_id": "c", "access_key": "k", "direction": "read"]
    #expect(try JSONValue(encoding: ref) == json)
    #expect(try json.decoded(as: StreamChannelRef.self) == ref)
    var both = json
    both["direction"] = "both"
    #expect(throws: DecodingError.self) { try both.decoded(as: StreamChannelRef.self) }
    #expect("\(ref)" == "the read end of channel 'c'")
    #expect(!String(reflecting: ref).contains("k\""))
  }

  @Test("refs are found anywhere in a value, with their paths")
  func found() {
    let ref: JSONValue = ["channel_id": "c", "access_key": "k", "direction": "write", "more": ["channel_id": "x"]]
    let value: JSONValue = [
      "a": ["x": 1, "b": [nil, ref]], "c": ref, "d": ["channel_id": "c", "access_key": "k", "direction": "x"],
    ]
    #expect(StreamChannelRef.find(in: value).map(\.path) == ["a.b[1]", "c"])
    #expect(StreamChannelRef.find(in: ref).map(\.path) == [""])
    #expect(StreamChannelRef.find(in: [ref]).first?.ref.direction == .write)
    #expect(StreamChannelRef.find(in: nil).isEmpty)
  }

  @Test("100,000 refs in one payload are found")
  func many() {
    let ref: JSONValue = ["channel_id": "c", "access_key": "k", "direction": "read"]
    let found = StreamChannelRef.find(in: .array(Array(repeating: ref, count: 100_000)))
    #expect(found.count == 100_000)
    #expect(found.last?.path == "[99999]")
  }

  @Test("an end cannot be decoded by another decoder; the error says what to do")
  func otherDecoders() throws {
    func check<End: Decodable & Sendable>(_ type: End.Type, _ direction: String) {
      let json = Data(#"{"end":{"channel_id":"c","access_key":"k","direction":"\#(direction)"}}"#.utf8)
      let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode([String: End].self, from: json) }
      guard case .dataCorrupted(let context) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(context.debugDescription.contains("decode a StreamChannelRef"))
    }
    check(ChannelReader.self, "read")
    check(ChannelWriter.self, "write")
  }

  @Test(
    "the URL of an end has the channel's path before the query of the engine's URL",
    arguments: [
      ("ws://h:1", "/ws/channels/a%2Fb?key=k%26%20&dir=read"),
      ("ws://h:1/", "/ws/channels/a%2Fb?key=k%26%20&dir=read"),
      ("ws://h:1/base/?token=t", "/base/ws/channels/a%2Fb?token=t&key=k%26%20&dir=read"),
      ("ws://h:1?", "/ws/channels/a%2Fb?key=k%26%20&dir=read"),
    ])
  func urls(engine: String, target: String) throws {
    let ref = StreamChannelRef(channelID: "a/b", accessKey: "k& ", direction: .read)
    #expect(try ChannelAccess(engineURL: engine, headers: [:]).url(of: ref).target == target)
  }
}
