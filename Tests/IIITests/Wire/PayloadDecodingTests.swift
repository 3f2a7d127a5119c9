import Foundation
import TestSupport
import Testing

@testable import III

/// The decoder's errors with their texts, and its cost.
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
    (#"{"items":[],"id":1.0,"placed":"2024-02-29t12:00:00.500z","unknown":{"a":[{}]}}"#, "decoded"),
    (#"{"items":[],"id":10e-1,"placed":"2024-02-29T12:00:00+01:00"}"#, "decoded"),
    (#"{"items":[],"id":1e2,"placed":null}"#, "decoded"),
    (#"{"items":[],"id":-0}"#, "decoded"),
  ])
  func saysWhatIsWrongWhere(json: String, text: String) { #expect(message(Order.self, json) == text) }

  /// The same instant as Swift, JavaScript, Python (`isoformat`) and Rust write it, with and without fractions.
  @Test(
    arguments: [
      ("2024-02-29T12:00:00Z", 0), ("2024-02-29T12:00:00.000Z", 0), ("2024-02-29T12:00:00+00:00", 0),
      ("2024-02-29T13:00:00+01:00", 0), ("2024-02-29T07:00:00-0500", 0), ("2024-02-29T12:00:00.5Z", 0.5),
      ("2024-02-29T12:00:00.250Z", 0.25), ("2024-02-29T12:00:00.123456+00:00", 0.123456),
      ("2024-02-29T12:00:00.123456789Z", 0.123456789),
      ("2024-02-29T17:30:00+0530", 0), ("2024-02-29T13:00:00+01", 0),
    ] as [(String, Double)])
  func datesOfAllSenders(text: String, fraction: Double) throws {
    let date = try PayloadCoder.decode(Date.self, from: JSONText.quoted(text))
    #expect(abs(date.timeIntervalSince1970 - 1_709_208_000 - fraction) < 1e-6)
  }

  @Test(
    "A text that is not a date is an error",
    arguments: [
      "2024-02-30T12:00:00Z", "2023-02-29T12:00:00Z", "2024-13-01T12:00:00Z", "2024-00-01T12:00:00Z",
      "2024-01-01T24:00:00Z",
      "2024-01-01T12:60:00Z", "2024-01-01T12:00:00", "2024-01-01T12:00:00.Z", "2024-01-01T12:00:00+24:00", "2024-01-01",
      "",
      "2024-01-01T12:00:00Zx", "12024-01-01T12:00:00Z", "2024-01-01T12:00:0Z",
    ])
  func notADate(text: String) {
    #expect(message(Date.self, "\"\(text)\"") == "a date that is not ISO 8601")
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

  // MARK: Linear time

  /// A value of one of two types, found by trying both.
  enum StringOrInt: Decodable {
    case string(String)
    case int(Int)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let int = try? container.decode(Int.self) {
        self = .int(int)
      } else {
        self = .string(try container.decode(String.self))
      }
    }
  }

  struct Lossy: Decodable {
    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      while !container.isAtEnd {
        if (try? container.decode(Item.self)) == nil { _ = try container.superDecoder() }
      }
    }
  }

  struct Located: Decodable {
    init(from decoder: any Decoder) throws { #expect(decoder.codingPath.count == 1) }
  }

  struct SortedKeys: Decodable {
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: JSONKey.self)
      for key in container.allKeys.sorted(by: { $0.stringValue > $1.stringValue }) {
        _ = try container.decode(Int.self, forKey: key)
      }
    }
  }

  struct Shape: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let decode: @Sendable (Int) throws -> Void

    init<T: Decodable & SendableMetatype>(
      _ name: String, _ type: T.Type, _ json: @escaping @Sendable (Int) -> String
    ) {
      testDescription = name
      decode = { _ = try PayloadCoder.decode(type, from: Array(json($0).utf8)) }
    }
  }

  static let shapes = [
    Shape("caught errors", [StringOrInt].self) { "[" + repeatElement(#""x""#, count: $0).joined(separator: ",") + "]" },
    Shape("caught errors in members", [String: StringOrInt].self) { count in
      "{" + (0..<count).map { "\"key\($0)\":\"x\"" }.joined(separator: ",") + "}"
    },
    Shape("lossy array", Lossy.self) { "[" + repeatElement("{}", count: $0).joined(separator: ",") + "]" },
    Shape("coding paths", [Located].self) { "[" + repeatElement("1", count: $0).joined(separator: ",") + "]" },
    Shape("coding paths with a long name", [String: [StringOrInt]].self) { count in
      "{\"\(String(repeating: "n", count: count))\":[" + repeatElement(#""x""#, count: count).joined(separator: ",")
        + "]}"
    },
    Shape("members in another order", SortedKeys.self) { count in
      "{" + (0..<count).map { "\"\($0 &* 7919 % 1_000_003)\":1" }.joined(separator: ",") + "}"
    },
    Shape("dictionary", [String: Int].self) { count in
      "{" + (0..<count).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
    },
    Shape("JSON without a type", JSONValue.self) { count in
      "{" + (0..<count).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
    },
  ]

  @Test("Sixteen times the payload takes about sixteen times as long", arguments: shapes)
  func timeIsInProportion(shape: Shape) throws {
    func time(_ count: Int) throws -> Double {
      try (0..<3).map { _ in try threadTime { try shape.decode(count) } }.min() ?? 0
    }
    _ = try time(100)
    let small = try time(1000)
    let large = try time(16_000)
    // A quadratic decoder would take 256 times as long.
    #expect(large < small * 100)
  }

  @Test("A large object is decoded with all its members") func largeObject() throws {
    let many = "{" + (0..<50_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
    let decoded = try PayloadCoder.decode([String: Int].self, from: Array(many.utf8))
    #expect(decoded.count == 50_000)
    #expect(decoded["key49999"] == 49_999)
    let value = try JSONValue(parsing: many)
    #expect(value["key49999"] == 49_999)
  }

  // MARK: Integers

  @Test(
    "Integers with a decimal point or an exponent are exact",
    arguments: [
      ("9007199254740993.0", 9_007_199_254_740_993), ("1e3", 1000), ("10e-1", 1), ("-0.0", 0), ("0e99999", 0),
      ("9.223372036854775807e18", .max), ("-9.223372036854775808e18", .min), ("123456.7890e4", 1_234_567_890),
      ("9223372036854775807000e-3", .max), ("1.0", 1), ("-5E0", -5),
    ] as [(String, Int64)])
  func exactIntegers(text: String, value: Int64) throws {
    #expect(try PayloadCoder.decode(Int64.self, from: Array(text.utf8)) == value)
    #expect(try PayloadCoder.decode(Int128.self, from: Array(text.utf8)) == Int128(value))
  }

  @Test(
    "Integers that would have to be rounded are errors",
    arguments: [
      "9223372036854775808", "-9.223372036854776e18", "9.223372036854775808e18", "1.5", "1e-1", "9007199254740993.5",
      "97.000000000000000000001", "1e19", "1e300", "1e-400",
    ])
  func inexactIntegers(text: String) {
    #expect(throws: DecodingError.self) { try PayloadCoder.decode(Int64.self, from: Array(text.utf8)) }
  }

  @Test("Unsigned and wide integers have their whole range") func wideIntegers() throws {
    struct Wide: Codable, Equatable {
      var a: Int128, b: UInt128, c: UInt64, d: [Int128], e: [UInt128?], f: Int128?, g: UInt128?, h: Int128?
    }
    let wide = Wide(a: .min, b: .max, c: .max, d: [.max, -1], e: [.max, nil], f: 7, g: 8, h: nil)
    #expect(try PayloadCoder.decode(Wide.self, from: PayloadCoder.encode(wide)) == wide)
    #expect(try PayloadCoder.decode(UInt64.self, from: Array("1.8446744073709551615e19".utf8)) == .max)
    #expect(throws: DecodingError.self) {
      try PayloadCoder.decode(UInt64.self, from: Array("1.8446744073709551616e19".utf8))
    }
    #expect(throws: DecodingError.self) { try PayloadCoder.decode(UInt64.self, from: Array("-1e0".utf8)) }
    #expect(
      try PayloadCoder.decode(UInt128.self, from: Array("340282366920938463463374607431768211455.0".utf8)) == .max)
    #expect(throws: DecodingError.self) {
      try PayloadCoder.decode(UInt128.self, from: Array("340282366920938463463374607431768211456".utf8))
    }
  }

  // MARK: Containers

  @Test("A superclass without members needs no `super`") func absentSuper() throws {
    class Base: Decodable {
      required init(from decoder: any Decoder) throws { #expect(decoder.codingPath.map(\.stringValue) == ["super"]) }
    }
    final class Derived: Base {
      let own: Int

      private enum CodingKeys: CodingKey { case own, other }

      required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        own = try container.decode(Int.self, forKey: .own)
        #expect(try container.superDecoder(forKey: .other).singleValueContainer().decodeNil())
        try super.init(from: container.superDecoder())
      }
    }
    #expect(try PayloadCoder.decode(Derived.self, from: Array(#"{"own":7}"#.utf8)).own == 7)
    struct Parent: Decodable {
      init(from decoder: any Decoder) throws {
        _ = try decoder.container(keyedBy: JSONKey.self).superDecoder().container(keyedBy: JSONKey.self)
      }
    }
    #expect(message([Parent].self, "[{}]") == "[0].super: expected an object, found null")
  }

  @Test("Paths inside an array lead to the element, whatever was read before") func pathsToNeighbours() {
    #expect(
      message([[String: [Bool]]].self, #"[{"a":[true]},{"b":[],"ab\u0063":[true,false,1]}]"#)
        == "[1].abc[2]: expected a boolean, found a number")
    #expect(message([[Int]].self, "[[1,2],[],[3,[4]]]") == "[2][1]: expected an integer, found an array")
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
    // Through a Double this number would be rounded up twice.
    let text = "1.00000005960464477540"
    #expect(try PayloadCoder.decode(Float.self, from: Array(text.utf8)) == Float(text))
    #expect(message(Float.self, "1e39") == "a number that does not fit Float")
    #expect(message(Int8.self, "128") == "a number that does not fit Int8")
  }
}
