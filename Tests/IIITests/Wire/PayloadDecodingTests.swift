import Foundation
import TestSupport
import Testing

@testable import III

/// What decoding refuses, and how it says so.
@Suite struct PayloadDecodingTests {
  struct Item: Codable, Equatable {
    enum Kind: String, Codable { case small, large }

    var sku: String
    var quantity: UInt8
    var price: Double
    var kind: Kind?
    var tags: [String]?
  }

  struct Order: Codable, Equatable {
    var id: Int
    var items: [Item]
    var placed: Date?
    var byName: [String: Item]?
  }

  private func message<T: Decodable>(_ type: T.Type, _ json: String) -> String {
    do {
      _ = try PayloadCoder.decode(type, from: Array(json.utf8))
      return "decoded"
    } catch {
      return PayloadCoder.message(for: error)
    }
  }

  @Test(arguments: [
    ("[]", "expected an object, found an array"),
    ("null", "expected an object, found null"),
    ("7", "expected an object, found a number"),
    ("{}", "id: required member is missing"),
    (#"{"id":"x"}"#, "id: expected an integer, found a string"),
    (#"{"id":1.5}"#, "id: expected an integer, found a fraction"),
    (#"{"id":true}"#, "id: expected an integer, found a boolean"),
    (#"{"id":null}"#, "id: expected an integer, found null"),
    (#"{"id":1e30}"#, "id: a number that does not fit Int"),
    (#"{"id":9223372036854775808}"#, "id: a number that does not fit Int"),
    (#"{"id":1,"items":{}}"#, "items: expected an array, found an object"),
    (#"{"id":1,"items":[7]}"#, "items[0]: expected an object, found a number"),
    (
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":1},{"sku":5}]}"#,
      "items[1].sku: expected a string, found a number"
    ),
    (#"{"id":1,"items":[{"sku":"a","quantity":256}]}"#, "items[0].quantity: a number that does not fit UInt8"),
    (#"{"id":1,"items":[{"sku":"a","quantity":-1}]}"#, "items[0].quantity: a number that does not fit UInt8"),
    (#"{"id":1,"items":[{"sku":"a","quantity":1}]}"#, "items[0].price: required member is missing"),
    (
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":1,"kind":"secret"}]}"#,
      "items[0].kind: Cannot initialize Kind from invalid String value"
    ),
    (
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":1,"tags":["a",null]}]}"#,
      "items[0].tags[1]: expected a string, found null"
    ),
    (#"{"id":1,"items":[],"placed":"yesterday"}"#, "placed: a date that is not ISO 8601"),
    (#"{"id":1,"items":[],"placed":7}"#, "placed: expected a string, found a number"),
    (#"{"id":1,"items":[],"byName":{"a b":{"sku":null}}}"#, "byName.a b.sku: expected a string, found null"),
    (#"{"id":1,"items":[],}"#, "unexpected character at byte 19"),
    (#"{"id":1"#, "the text ends inside a value at byte 7"),
    ("", "no value at byte 0"),
    (#"{"id":1,"items":[]}"#, "decoded"),
    (
      #"{"items":[],"id":1.0,"placed":"2024-02-29T12:00:00.5Z","unknown":{"a":[1e400]}}"#,
      "number beyond the range of a double at byte 71"
    ),
    (#"{"items":[],"id":1.0,"placed":"2024-02-29T12:00:00.500Z","unknown":{"a":[{}]}}"#, "decoded"),
    (#"{"items":[],"id":10e-1,"placed":"2024-02-29T12:00:00+01:00"}"#, "decoded"),
    (#"{"items":[],"id":1e2,"placed":null}"#, "decoded"),
    (#"{"items":[],"id":-0}"#, "decoded"),
  ])
  func saysWhatIsWrongWhere(json: String, text: String) { #expect(message(Order.self, json) == text) }

  /// As Swift, JavaScript, Python (`isoformat`) and Rust write the same instant, with and without fractions.
  @Test(
    arguments: [
      ("2024-02-29T12:00:00Z", 0), ("2024-02-29T12:00:00.000Z", 0), ("2024-02-29T12:00:00+00:00", 0),
      ("2024-02-29T13:00:00+01:00", 0), ("2024-02-29T07:00:00-0500", 0), ("2024-02-29T12:00:00.5Z", 0.5),
      ("2024-02-29T12:00:00.250Z", 0.25), ("2024-02-29T12:00:00.123456+00:00", 0.123456),
      ("2024-02-29T12:00:00.123456789Z", 0.123456789),
    ] as [(String, Double)])
  func datesOfAllSenders(text: String, fraction: Double) throws {
    let date = try PayloadCoder.decode(Date.self, from: JSONText.quoted(text))
    #expect(abs(date.timeIntervalSince1970 - 1_709_208_000 - fraction) < 1e-6)
  }

  @Test func pathsAreThoseOfFoundation() throws {
    let cases = [
      "{}", #"{"id":"x"}"#, #"{"id":null}"#, #"{"id":1,"items":{}}"#, #"{"id":1,"items":[7]}"#,
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":1},{"sku":5}]}"#,
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":"1"}]}"#,
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":1,"tags":["a",null]}]}"#,
      #"{"id":1,"items":[{"sku":"a","quantity":1,"price":1,"kind":"x"}]}"#,
      #"{"id":1,"items":[],"byName":{"k":[]}}"#, "[]", "null", "7", #""x""#,
    ]
    let foundation = JSONDecoder()
    for json in cases {
      let ours = #expect(throws: DecodingError.self) { try PayloadCoder.decode(Order.self, from: Array(json.utf8)) }
      let theirs = #expect(throws: DecodingError.self) { try foundation.decode(Order.self, from: Data(json.utf8)) }
      #expect(path(ours) == path(theirs), "\(json)")
    }
  }

  private func path(_ error: DecodingError?) -> [String]? {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.map(\.stringValue)
    case .keyNotFound(let key, let context): (context.codingPath + [key]).map(\.stringValue)
    default: nil
    }
  }

  @Test func ofDuplicatesTheLastCounts() throws {
    struct Pair: Decodable, Equatable { var a: Int, b: Int? }
    func pair(_ json: String) throws -> Pair { try PayloadCoder.decode(Pair.self, from: Array(json.utf8)) }
    #expect(try pair(#"{"a":1,"a":2}"#) == Pair(a: 2, b: nil))
    #expect(try pair(#"{"a":1,"b":5,"a":2,"b":null}"#) == Pair(a: 2, b: nil))
    #expect(try pair(#"{"\u0061":1,"a":2}"#) == Pair(a: 2, b: nil))
    #expect(try pair(#"{"a":1,"\u0061":2}"#) == Pair(a: 2, b: nil))
    let many = "{" + (0..<100).map { "\"k\($0 % 50)\":\($0)" }.joined(separator: ",") + "}"
    let decoded = try PayloadCoder.decode([String: Int].self, from: Array(many.utf8))
    #expect(decoded.count == 50)
    #expect(decoded["k7"] == 57)
  }

  @Test func findsMembersInAnyOrder() throws {
    struct Wide: Codable, Equatable {
      var alpha = 1, beta = 2, gamma = 3, delta = 4, epsilon = 5, zeta = 6, eta = 7, theta = 8, iota: Int?, kappa = 10
    }
    let object = try JSONValue(encoding: Wide())
    guard case .object(let members) = object else { return #expect(Bool(false)) }
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<50 {
      var shuffled = JSONObject()
      for (key, value) in members.shuffled(using: &generator) { shuffled[key] = value }
      for extra in 0..<Int.random(in: 0...40, using: &generator) { shuffled["extra\(extra)"] = .null }
      #expect(try JSONValue.object(shuffled).decoded(as: Wide.self) == Wide())
    }
  }

  @Test func aLargeObjectTakesTimeInProportion() throws {
    let many = "{" + (0..<50_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
    let decoded = try PayloadCoder.decode([String: Int].self, from: Array(many.utf8))
    #expect(decoded.count == 50_000)
    #expect(decoded["key49999"] == 49_999)
    let value = try JSONValue(parsing: many)
    #expect(value["key49999"] == 49_999)
  }

  @Test func decodersMayOutliveTheirCall() throws {
    struct Lazy: Decodable {
      let decoder: any Decoder
      init(from decoder: any Decoder) throws { self.decoder = decoder }
    }
    let lazy = try PayloadCoder.decode([Lazy].self, from: Array(#"[{"a":"x"}]"#.utf8))
    #expect(try lazy.first.map { try [String: String](from: $0.decoder) } == ["a": "x"])
  }

  @Test func userInfoReachesTheTypes() throws {
    struct Reader: Decodable {
      let value: String?
      init(from decoder: any Decoder) throws {
        value = CodingUserInfoKey(rawValue: "k").flatMap { decoder.userInfo[$0] as? String }
      }
    }
    let key = try #require(CodingUserInfoKey(rawValue: "k"))
    let readers = try PayloadCoder.decode([Reader].self, from: Array("[1]".utf8), userInfo: [key: "v"])
    #expect(readers.first?.value == "v")
  }

  @Test func unkeyedContainersEnd() throws {
    struct Greedy: Decodable {
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        #expect(container.count == 2)
        _ = try container.decode(Int.self)
        #expect(throws: DecodingError.self) { try container.decode(Int.self) }
        #expect(container.currentIndex == 1)
        #expect(try container.decode(String.self) == "x")
        #expect(try container.decodeIfPresent(Int.self) == nil)
        #expect(throws: DecodingError.self) { try container.decodeNil() }
        _ = try container.decode(Int.self)
      }
    }
    #expect(message(Greedy.self, #"[1,"x"]"#) == "[2]: expected Int, found the end of the array")
    #expect(message([Greedy].self, #"[[1,"x"]]"#).hasPrefix("[0][2]: "))
  }

  @Test func floatsAreRoundedOnce() throws {
    // By way of Double this one would be rounded up twice.
    let text = "1.00000005960464477540"
    #expect(try PayloadCoder.decode(Float.self, from: Array(text.utf8)) == Float(text))
    #expect(message(Float.self, "1e39") == "a number that does not fit Float")
    #expect(message(Int8.self, "128") == "a number that does not fit Int8")
  }
}
