import Foundation
import TestSupport
import Testing

@testable import III

/// Compares the coder with Foundation's: both write the same JSON, and each reads what the other has written.
@Suite struct PayloadCoderTests {
  private static func foundationEncoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = .withoutEscapingSlashes
    return encoder
  }

  private static func foundationDecoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return decoder
  }

  private func compare<T: Codable & Equatable>(_ value: T, location: SourceLocation = #_sourceLocation) throws {
    let ours = try PayloadCoder.encode(value)
    let theirs = [UInt8](try Self.foundationEncoder().encode(value))
    let a = try PayloadCoder.decode(JSONValue.self, from: ours)
    let b = try PayloadCoder.decode(JSONValue.self, from: theirs)
    #expect(a == b, sourceLocation: location)
    #expect(try Self.foundationDecoder().decode(T.self, from: Data(ours)) == value, sourceLocation: location)
    #expect(try PayloadCoder.decode(T.self, from: theirs) == value, sourceLocation: location)
    #expect(try PayloadCoder.decode(T.self, from: ours) == value, sourceLocation: location)
  }

  // MARK: Shapes

  struct Scalars: Codable, Equatable {
    var bool = true
    var string = "a\"b\\/é😀\u{1}"
    var int = Int.min
    var int8 = Int8.min
    var int16 = Int16.max
    var int32 = Int32.min
    var int64 = Int64.max
    var uint = UInt.max
    var uint8 = UInt8.max
    var uint16 = UInt16.max
    var uint32 = UInt32.max
    var uint64 = UInt64.max
    var float: Float = 0.1
    var double = 1e-7
    var none: Int?
    var some: Int? = 7
  }

  struct Rich: Codable, Equatable {
    var date = Date(timeIntervalSince1970: 1_700_000_000)
    var data = Data([0, 1, 2, 255])
    var url = URL(string: "https://example.com/a?b=c&d=é")
    var decimal = Decimal(string: "12345678901234567890.123456789")
    var uuid = UUID()
    var optional: Date?
    var dates = [Date(timeIntervalSince1970: 0)]
    var byName = ["a": Date(timeIntervalSince1970: 1)]
    var byNumber = [7: "x", -1: "y"]
    var byEnum = [Kind.one: 1]
    var set: Set<Int> = [1, 2, 3]
    var range = 1..<3
    var kind = Kind.two
  }

  enum Kind: String, Codable { case one, two }

  indirect enum Tree: Codable, Equatable {
    case leaf
    case value(Int)
    case pair(left: Tree, Tree)
  }

  struct Empty: Codable, Equatable {}

  struct Wrapper: Codable, Equatable {
    var inner: String

    init(_ inner: String) { self.inner = inner }
    init(from decoder: any Decoder) throws { inner = try decoder.singleValueContainer().decode(String.self) }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(inner)
    }
  }

  class Base: Codable, Equatable {
    var base: Int

    init(base: Int) { self.base = base }
    static func == (a: Base, b: Base) -> Bool { a.isEqual(to: b) }
    func isEqual(to other: Base) -> Bool { base == other.base }
  }

  final class Derived: Base {
    var own: [String]

    private enum CodingKeys: CodingKey { case own }

    init(base: Int, own: [String]) {
      self.own = own
      super.init(base: base)
    }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      own = try container.decode([String].self, forKey: .own)
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      let parent = container.superEncoder()
      try container.encode(own, forKey: .own)
      try super.encode(to: parent)
    }

    override func isEqual(to other: Base) -> Bool { super.isEqual(to: other) && own == (other as? Derived)?.own }
  }

  /// Fills its containers in interleaved order, as the protocol allows.
  struct Interleaved: Codable, Equatable {
    var numbers: [Int]
    var name: String

    enum Keys: CodingKey { case first, second, third, name, list, point }

    init(numbers: [Int], name: String) {
      self.numbers = numbers
      self.name = name
    }

    init(from decoder: any Decoder) throws {
      let outer = try decoder.container(keyedBy: Keys.self)
      let first = try outer.nestedContainer(keyedBy: Keys.self, forKey: .first)
      name = try first.decode(String.self, forKey: .name)
      var list = try outer.nestedUnkeyedContainer(forKey: .list)
      numbers = []
      while !list.isAtEnd {
        var inner = try list.nestedUnkeyedContainer()
        numbers.append(try inner.decode(Int.self))
        let point = try inner.nestedContainer(keyedBy: Keys.self)
        #expect(try point.decode(Int.self, forKey: .point) == numbers.last)
        #expect(try inner.decodeNil())
        #expect(try !inner.decodeNil())
        #expect(try Wrapper(from: inner.superDecoder()).inner == "s")
        #expect(inner.isAtEnd)
      }
      #expect(try outer.superDecoder(forKey: .third).singleValueContainer().decode(Int.self) == 3)
    }

    func encode(to encoder: any Encoder) throws {
      var outer = encoder.container(keyedBy: Keys.self)
      var first = outer.nestedContainer(keyedBy: Keys.self, forKey: .first)
      var list = outer.nestedUnkeyedContainer(forKey: .list)
      let third = outer.superEncoder(forKey: .third)
      _ = outer.nestedContainer(keyedBy: Keys.self, forKey: .second)
      for number in numbers {
        var inner = list.nestedUnkeyedContainer()
        try inner.encode(number)
        var point = inner.nestedContainer(keyedBy: Keys.self)
        try inner.encodeNil()
        let parent = inner.superEncoder()
        try point.encode(number, forKey: .point)
        try Wrapper("s").encode(to: parent)
      }
      try first.encode(name, forKey: .name)
      try 3.encode(to: third)
      var again = encoder.container(keyedBy: Keys.self)
      try again.encode(list.count, forKey: .point)
    }
  }

  @Test func scalarsOfAllWidths() throws {
    try compare(Scalars())
    try compare([Float](arrayLiteral: 1, -0.0, 3.4028235e38, .leastNonzeroMagnitude, 16_777_216, 0.3))
    try compare([1, 0.1, -0.0, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e16, 1e15, 123_456_789.123])
  }

  @Test func typesOfFoundation() throws {
    try compare(Rich())
    try compare(Date(timeIntervalSince1970: -1))
    try compare(URL(string: "relative/path"))
    try compare(Decimal(-5))
    try compare(Decimal(string: "1e60"))
  }

  @Test func containersOfAllKinds() throws {
    try compare(Tree.pair(left: .value(1), .pair(left: .leaf, .value(-2))))
    try compare(Empty())
    try compare([Empty(), Empty()])
    try compare([String: [String: [Int?]]]())
    try compare(["": ["k": [1, nil, 3]], "\n\"": [:]])
    try compare([[[1], []], []])
    try compare([Wrapper("a"), Wrapper("")])
    try compare(Derived(base: 7, own: ["x"]))
    try compare(Base(base: 1))
    try compare(Interleaved(numbers: [1, 2], name: "n"))
    try compare(Interleaved(numbers: [], name: ""))
  }

  @Test func fragments() throws {
    try compare("x")
    try compare(7)
    try compare(true)
    try compare(0.5)
    try compare(nil as Int?)
    try compare(Kind.one)
    #expect(try PayloadCoder.encode(Int128.max) == Array(Int128.max.description.utf8))
    #expect(try PayloadCoder.decode(Int128.self, from: Array(Int128.min.description.utf8)) == .min)
    #expect(try PayloadCoder.decode(UInt128.self, from: Array(UInt128.max.description.utf8)) == .max)
  }

  @Test func membersKeepTheirOrder() throws {
    struct Ordered: Codable { var z = 1, a = 2, m: JSONValue = ["y": 1, "b": 2], n = JSONObject() }
    let bytes = try PayloadCoder.encode(Ordered())
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"z":1,"a":2,"m":{"y":1,"b":2},"n":{}}"#)
    let back = try PayloadCoder.decode(JSONObject.self, from: #"{"z":1,"a":2,"m":null}"#.utf8.map { $0 })
    #expect(back.keys == ["z", "a", "m"])
  }

  @Test func jsonValuesGoThroughFoundationToo() throws {
    let value: JSONValue = [
      "n": nil, "t": true, "i": -7, "u": .uint(.max), "d": 1.5, "s": "x", "a": [1, [2, ["k": 3]]], "o": [:],
    ]
    try compare(value)
    try compare(["k": value])
    try compare(JSONObject(dictionaryLiteral: ("a", 1), ("b", value)))
    try compare([value, nil])
  }

  // MARK: Dates

  @Test(
    "A date is written with as many digits as it needs",
    arguments: [
      (0, "2001-01-01T00:00:00Z"), (700_000_000.25, "2023-03-08T20:26:40.250Z"),
      (1_674_036_251.001 - 978_307_200, "2023-01-18T10:04:11.001Z"), (-0.5, "2000-12-31T23:59:59.500Z"),
      (700_000_000.9999, "2023-03-08T20:26:40.9999000Z"),
      (1_709_208_000.123456 - 978_307_200, "2024-02-29T12:00:00.123456Z"),
      (-62_135_596_800 - 978_307_200, "0001-01-01T00:00:00Z"), (-62_135_596_801 - 978_307_200, "0000-12-31T23:59:59Z"),
      (-62_198_755_200 - 978_307_200, "-000001-01-01T00:00:00Z"),
      (253_402_300_800 - 978_307_200, "+010000-01-01T00:00:00Z"),
    ] as [(Double, String)])
  func dateDigits(seconds: Double, text: String) throws {
    let date = Date(timeIntervalSinceReferenceDate: seconds)
    let bytes = try PayloadCoder.encode(date)
    #expect(String(decoding: bytes, as: UTF8.self) == "\"\(text)\"")
    #expect(try PayloadCoder.decode(Date.self, from: bytes) == date)
  }

  @Test("A date is unchanged after encoding and decoding") func datesComeBack() throws {
    var generator = SeededGenerator(seed: 11)
    var dates = [Date(), .distantPast, .distantFuture, Date(timeIntervalSince1970: -0.001)]
    for _ in 0..<3000 {
      dates.append(Date(timeIntervalSince1970: Double(Int.random(in: 0..<4_000_000_000_000, using: &generator)) / 1000))
      dates.append(Date(timeIntervalSinceReferenceDate: .random(in: -1e11...1e11, using: &generator)))
      dates.append(Date(timeIntervalSinceReferenceDate: .random(in: -1...1, using: &generator)))
    }
    let decoded = try PayloadCoder.decode([Date].self, from: PayloadCoder.encode(dates))
    #expect(zip(dates, decoded).allSatisfy { $0 == $1 })
  }

  @Test("A date without ISO 8601 text is an error", arguments: [Double.nan, .infinity, 1e14, -1e300])
  func dateWithoutText(seconds: Double) {
    #expect(throws: EncodingError.self) { try PayloadCoder.encode(Date(timeIntervalSinceReferenceDate: seconds)) }
  }

  // MARK: Duplicate keys

  /// Encodes with a closure.
  struct Custom: Encodable {
    let body: (any Encoder) throws -> Void

    func encode(to encoder: any Encoder) throws { try body(encoder) }
  }

  private func json(_ body: @escaping (any Encoder) throws -> Void) throws -> String {
    String(decoding: try PayloadCoder.encode(Custom(body: body)), as: UTF8.self)
  }

  @Test("A nested container that is requested twice is the same one") func nestedTwice() throws {
    let text = try json { encoder in
      var outer = encoder.container(keyedBy: JSONKey.self)
      var first = outer.nestedContainer(keyedBy: JSONKey.self, forKey: JSONKey("name"))
      try first.encode(1, forKey: JSONKey("x"))
      var list = outer.nestedUnkeyedContainer(forKey: JSONKey("list"))
      try list.encode(1)
      var second = outer.nestedContainer(keyedBy: JSONKey.self, forKey: JSONKey("name"))
      try second.encode(2, forKey: JSONKey("list"))
      var again = outer.nestedUnkeyedContainer(forKey: JSONKey("list"))
      try again.encode(2)
    }
    #expect(text == #"{"name":{"x":1,"list":2},"list":[1,2]}"#)
  }

  @Test("If a key is encoded twice, the last value counts") func keyTwice() throws {
    func keyed(_ body: @escaping (inout KeyedEncodingContainer<JSONKey>) throws -> Void) throws -> String {
      try json { encoder in
        var container = encoder.container(keyedBy: JSONKey.self)
        try body(&container)
      }
    }
    let a = JSONKey("a")
    let b = JSONKey("b")
    #expect(
      try keyed {
        try $0.encode(1, forKey: a); try $0.encode([2], forKey: a)
      } == #"{"a":[2]}"#)
    #expect(
      try keyed {
        try $0.encode([1], forKey: a); try $0.encode("x", forKey: b); try $0.encode(3, forKey: a)
      }
        == #"{"b":"x","a":3}"#)
    #expect(
      try keyed {
        try $0.encode(1, forKey: b); try $0.encode([1], forKey: a); try $0.encodeNil(forKey: a)
      }
        == #"{"b":1,"a":null}"#)
    #expect(
      try keyed { container in
        var nested = container.nestedContainer(keyedBy: JSONKey.self, forKey: a)
        try nested.encode(1, forKey: b)
        try container.encode(2, forKey: b)
        try container.encode(3, forKey: a)
        try Spy().encode(to: container.superEncoder(forKey: JSONKey("z")))
      } == #"{"b":2,"a":3,"z":"z"}"#)
    // A value that cannot be encoded does not replace the earlier one.
    #expect(
      try keyed {
        try $0.encode(1, forKey: a); try? $0.encode(Failing(), forKey: a)
      } == #"{"a":1}"#)
    #expect(throws: EncodingError.self) {
      try keyed {
        try $0.encode(1, forKey: a); _ = $0.nestedUnkeyedContainer(forKey: a)
      }
    }
  }

  @Test("With many members, each encoded twice in any order, the last value of each counts", arguments: 0..<20)
  func manyKeysTwice(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let steps = (0..<200).map { step in
      (Int.random(in: 0..<60, using: &generator), step, Int.random(in: 0..<3, using: &generator))
    }
    let text = try json { encoder in
      var container = encoder.container(keyedBy: JSONKey.self)
      for (key, value, kind) in steps {
        let key = JSONKey("key \(key) \"é\"")
        switch kind {
        case 0: try container.encode(value, forKey: key)
        case 1: try container.encode(["v": [value]], forKey: key)
        default: try value.encode(to: container.superEncoder(forKey: key))
        }
      }
    }
    var expected = JSONObject()
    for (key, value, kind) in steps {
      expected["key \(key) \"é\""] = kind == 1 ? ["v": [JSONValue(value)]] : JSONValue(value)
    }
    let decoded = try PayloadCoder.decode(JSONObject.self, from: Array(text.utf8))
    #expect(decoded == expected)
    #expect(decoded.count == text.split(separator: #""key "#).count - 1)
  }

  // MARK: Coding paths

  /// Encodes and decodes its own coding path.
  struct Spy: Codable, Equatable {
    var path = ""

    init() {}
    init(from decoder: any Decoder) throws { path = decoder.codingPath.map(\.stringValue).joined(separator: "/") }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(encoder.codingPath.map(\.stringValue).joined(separator: "/"))
    }
  }

  struct Paths: Encodable {
    func encode(to encoder: any Encoder) throws {
      var outer = encoder.container(keyedBy: JSONKey.self)
      try outer.encode([[Spy()], [Spy(), Spy()]], forKey: JSONKey("lists"))
      try outer.encode(["k": Spy()], forKey: JSONKey("map"))
      var nested = outer.nestedContainer(keyedBy: JSONKey.self, forKey: JSONKey("nested"))
      var list = nested.nestedUnkeyedContainer(forKey: JSONKey("list"))
      try list.encode(Spy())
      try list.encode([Spy()])
      try Spy().encode(to: list.superEncoder())
      try nested.encode(Spy(), forKey: JSONKey("after"))
      try Spy().encode(to: outer.superEncoder())
      try Spy().encode(to: outer.superEncoder(forKey: JSONKey("parent")))
      try outer.encode(
        [outer.codingPath.count, nested.codingPath.count, list.codingPath.count], forKey: JSONKey("counts"))
    }
  }

  @Test func codingPathsAreThoseOfFoundation() throws {
    var ours = try JSONValue(encoding: Paths()).decoded(as: [String: JSONValue].self)
    let bytes = try Self.foundationEncoder().encode(Paths())
    var theirs = try PayloadCoder.decode([String: JSONValue].self, from: [UInt8](bytes))
    // Foundation leaves the path to nested containers out of the paths inside them.
    #expect(
      ours.removeValue(forKey: "nested") == [
        "list": ["nested/list/Index 0", ["nested/list/Index 1/Index 0"], "nested/list/Index 2"],
        "after": "nested/after",
      ])
    theirs["nested"] = nil
    #expect(ours == theirs)
    struct Inner: Codable, Equatable { var list: [Spy], map: [String: [Spy]] }
    let json = #"{"a":{"list":[1,{"x":[2]},[]],"map":{"k":[[],{}],"l":[7]}}}"#
    let read = try PayloadCoder.decode([String: Inner].self, from: Array(json.utf8))
    #expect(read == (try Self.foundationDecoder().decode([String: Inner].self, from: Data(json.utf8))))
    #expect(read["a"]?.map["k"]?.last?.path == "a/map/k/Index 1")
  }

  // MARK: Errors

  struct Failing: Encodable {
    struct Failure: Error {}
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: JSONKey.self)
      try container.encode(1, forKey: JSONKey("half"))
      throw Failure()
    }
  }

  struct Tolerant: Encodable {
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: JSONKey.self)
      try container.encode(1, forKey: JSONKey("a"))
      try? container.encode(Failing(), forKey: JSONKey("b"))
      try? container.encode(Double.nan, forKey: JSONKey("c"))
      try container.encode(2, forKey: JSONKey("d"))
      var list = container.nestedUnkeyedContainer(forKey: JSONKey("list"))
      try? list.encode(Failing())
      try list.encode(3)
    }
  }

  struct Twice: Encodable {
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(1)
      try container.encode(2)
    }
  }

  struct Mixed: Encodable {
    func encode(to encoder: any Encoder) throws {
      var object = encoder.container(keyedBy: JSONKey.self)
      try object.encode(1, forKey: JSONKey("a"))
      var array = encoder.unkeyedContainer()
      try array.encode(1)
    }
  }

  struct Nothing: Encodable { func encode(to encoder: any Encoder) throws {} }

  final class Endless: Encodable {
    func encode(to encoder: any Encoder) throws { var c = encoder.unkeyedContainer(); try c.encode(self) }
  }

  @Test("A member whose error is caught is left out") func caughtErrors() throws {
    #expect(String(decoding: try PayloadCoder.encode(Tolerant()), as: UTF8.self) == #"{"a":1,"d":2,"list":[3]}"#)
  }

  @Test("Incorrect use of containers throws") func misuse() {
    #expect(throws: Failing.Failure.self) { try PayloadCoder.encode([Failing()]) }
    #expect(throws: EncodingError.self) { try PayloadCoder.encode(Twice()) }
    #expect(throws: EncodingError.self) { try PayloadCoder.encode(["k": Mixed()]) }
    #expect(throws: EncodingError.self) { try PayloadCoder.encode(Nothing()) }
    #expect(throws: EncodingError.self) { try PayloadCoder.encode(Endless()) }
    #expect(String(decoding: (try? PayloadCoder.encode([Nothing()])) ?? [], as: UTF8.self) == "[{}]")
  }

  private func message<T: Encodable>(_ value: T) -> String {
    do {
      _ = try PayloadCoder.encode(value)
      return "encoded"
    } catch {
      return PayloadCoder.message(for: error)
    }
  }

  /// Nested arrays; the innermost one is empty.
  private func nested(_ depth: Int) -> JSONValue {
    var value: JSONValue = []
    for _ in 1..<depth { value = [value] }
    return value
  }

  struct Layer: Codable { var inner: [Layer] }

  @Test("A payload nested 126 levels deep fits into a message, a deeper one is refused with its path")
  func messagesHaveADepth() throws {
    #expect(PayloadCoder.messageMaxDepth == 126)
    #expect(try PayloadCoder.encode(nested(126)).count == 252)
    #expect(
      message(nested(127)) == String(repeating: "[0]", count: 126)
        + ": JSONValue cannot be encoded: nested deeper than 126 levels, the most that engines read in a payload")
    #expect(message(["a": nested(126)]).hasPrefix("a[0]"))
    #expect(try PayloadCoder.encode(["a": nested(125)]).count == 256)
    // User types count in the same way.
    var layer = Layer(inner: [])
    for _ in 1..<63 { layer = Layer(inner: [layer]) }
    _ = try PayloadCoder.encode(layer)
    #expect(message([layer]).contains(".inner: "))
    #expect(message([layer]).contains("nested deeper than 126 levels"))
    // The limit is that of messages, not of JSON.
    #expect(try JSONValue(encoding: nested(512)) == nested(512))
    #expect(throws: EncodingError.self) { try JSONValue(encoding: [nested(512)]) }
  }

  @Test func encodingErrorsNameTheirPlace() {
    struct Point: Encodable { var x: Double, y: Float = 1 }
    #expect(
      message(["p": [Point(x: 1), Point(x: .nan)]])
        == "p[1].x: Double cannot be encoded: JSON has no infinities and no NaN")
    #expect(message([Point(x: 0, y: .infinity)]) == "[0].y: Float cannot be encoded: JSON has no infinities and no NaN")
    #expect(
      message(["v": JSONValue.double(.infinity)]) == "v: Double cannot be encoded: JSON has no infinities and no NaN")
    #expect(message(Double.nan) == "Double cannot be encoded: JSON has no infinities and no NaN")
  }
}
