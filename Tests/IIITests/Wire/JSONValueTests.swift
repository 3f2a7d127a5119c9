import Foundation
import Testing

@testable import III

@Suite struct JSONValueTests {
  @Test func integersAreExact() throws {
    #expect(kind(try JSONValue(parsing: "18446744073709551615")) == "uint 18446744073709551615")
    #expect(kind(try JSONValue(parsing: "9223372036854775808")) == "uint 9223372036854775808")
    #expect(kind(try JSONValue(parsing: "9223372036854775807")) == "int 9223372036854775807")
    #expect(kind(try JSONValue(parsing: "-9223372036854775808")) == "int -9223372036854775808")
    #expect(kind(try JSONValue(parsing: "-9223372036854775809")) == "double -9.223372036854776e+18")
    #expect(kind(try JSONValue(parsing: "18446744073709551616")) == "double 1.8446744073709552e+19")
    #expect(kind(try JSONValue(parsing: "0")) == "int 0")
    #expect(kind(try JSONValue(parsing: "-0")) == "double -0.0")
    #expect(kind(try JSONValue(parsing: "1.0")) == "double 1.0")
    #expect(kind(try JSONValue(parsing: "1E2")) == "double 100.0")
  }

  @Test("values are created from variables, optionals, arrays and dictionaries")
  func representations() throws {
    let tags: [String]? = ["a", "b"]
    let value: JSONValue = [
      "tags": .init(tags), "none": .init(Int?.none), "some": .init(Int?.some(1)), "counts": .init(["y": 2, "x": 1]),
      "rows": .init([[1.5], []]), "mixed": .init([JSONValue.null, 3]), "flags": .init([true, nil]),
      "sub": .init("abc".first.map(String.init)),
    ]
    #expect(
      value.jsonString()
        == #"{"tags":["a","b"],"none":null,"some":1,"counts":{"x":1,"y":2},"rows":[[1.5],[]],"mixed":[null,3],"flags":[true,null],"sub":"a"}"#
    )
  }

  private func kind(_ value: JSONValue) -> String {
    switch value {
    case .int(let value): "int \(value)"
    case .uint(let value): "uint \(value)"
    case .double(let value): "double \(value)"
    default: "\(value)"
    }
  }

  @Test(
    arguments: [
      (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (-1, "-1.0"), (0.1, "0.1"), (19.95, "19.95"), (1e-5, "0.00001"),
      (1.5e-5, "0.000015"), (1e-6, "1e-6"), (1e-7, "1e-7"), (1.25e-7, "1.25e-7"), (1e15, "1000000000000000.0"),
      (123456789012345680, "1.2345678901234568e+17"), (1e16, "1e+16"), (9007199254740992, "9007199254740992.0"),
      (9.5e15, "9500000000000000.0"), (9007199254740994, "9007199254740994.0"), (1.5e300, "1.5e+300"),
      (Double.leastNonzeroMagnitude, "5e-324"), (Double.greatestFiniteMagnitude, "1.7976931348623157e+308"),
      (0.30000000000000004, "0.30000000000000004"),
      (1e21, "1e+21"), (100, "100.0"), (123.456, "123.456"), (2251799813685248.5, "2251799813685248.5"),
    ] as [(Double, String)])
  func doublesPrintAsEnginesPrintThem(number: Double, text: String) {
    #expect(JSONValue.double(number).jsonString() == text)
    #expect(Double(text) == number)
  }

  @Test func keepsTheOrderOfKeys() throws {
    let value = try JSONValue(parsing: #" { "b" : 1 , "a" : [ 2 , { } , [ ] ] , "é" : null } "#)
    #expect(value.jsonString() == #"{"b":1,"a":[2,{},[]],"é":null}"#)
    #expect(value.jsonString(sortedKeys: true) == #"{"a":[2,{},[]],"b":1,"é":null}"#)
    #expect(value["a"]?[0] == 2)
    #expect(value["a"]?[7] == nil)
    #expect(value["a"]?[-1] == nil)
    #expect(value["c"] == nil)
    #expect(value["é"] == .some(.null))
    #expect(value[0] == nil)
    #expect((2 as JSONValue)["a"] == nil)
  }

  @Test func literalsMakeValues() {
    let value: JSONValue = ["null": nil, "yes": true, "int": 1, "double": 1.5, "text": "t\(1)", "list": [1, "2", nil]]
    #expect(value.jsonString() == #"{"null":null,"yes":true,"int":1,"double":1.5,"text":"t1","list":[1,"2",null]}"#)
    #expect(value.description == value.jsonString())
  }

  @Test func numbersAreEqualByValue() {
    let ones: [JSONValue] = [.int(1), .uint(1), .double(1)]
    for a in ones {
      for b in ones {
        #expect(a == b)
        #expect(a.hashValue == b.hashValue)
      }
    }
    #expect(JSONValue.uint(.max) != .int(-1))
    #expect(JSONValue.int(.max) != .double(0x1p63))
    #expect(JSONValue.uint(1 << 63) == .double(0x1p63))
    #expect(JSONValue.uint(1 << 63).hashValue == JSONValue.double(0x1p63).hashValue)
    #expect(JSONValue.double(0.5) != .int(0))
    #expect(JSONValue.double(0) == .double(-0.0))
    #expect(JSONValue.double(0).hashValue == JSONValue.double(-0.0).hashValue)
    #expect(JSONValue.double(.nan) != .double(.nan))
    #expect(JSONValue.null != .bool(false))
    #expect(JSONValue.string("1") != .int(1))
  }

  @Test func whatIsNotFiniteIsNotEncoded() {
    for number in [Double.nan, .infinity, -.infinity] {
      let value: JSONValue = ["a": [1, .double(number)]]
      #expect(throws: EncodingError.self) { try PayloadCoder.encode(value) }
      #expect(throws: EncodingError.self) { try JSONValue(encoding: [number]) }
      #expect(value.jsonString() == #"{"a":[1,null]}"#)
    }
  }

  @Test func turnsIntoTypesAndBack() throws {
    struct Order: Codable, Equatable {
      var id: UInt64
      var price: Double
      var tags: [String]
      var note: String?
      var extra: JSONValue
    }
    let order = Order(id: .max, price: 1, tags: ["a"], note: nil, extra: ["z": 1, "a": 2])
    let value = try JSONValue(encoding: order)
    #expect(value["id"] == .uint(.max))
    #expect(value["tags"] == ["a"])
    #expect(value["note"] == nil)
    #expect(try value.decoded(as: Order.self) == order)
    let tags: [String] = try #require(value["tags"]).decoded()
    #expect(tags == ["a"])
    #expect(try JSONValue(encoding: 5) == 5)
    #expect(try JSONValue(encoding: "x").decoded(as: String.self) == "x")
    #expect(try JSONValue(encoding: nil as Int?) == .null)
    #expect(throws: DecodingError.self) { try value.decoded(as: [Int].self) }
  }

  // MARK: Access

  @Test("Members and elements are set through subscripts") func settableSubscripts() {
    var value: JSONValue = ["a": 1, "list": [1, 2]]
    value["b"] = "x"
    value["a"] = nil
    value["list"]?[0] = 7
    value["list"]?[2] = 9
    value["list"]?[1] = nil
    value["list"]?[99] = 1
    value["n"] = .null
    #expect(value.jsonString() == #"{"list":[7,9],"b":"x","n":null}"#)
    // Null becomes an object.
    value["n"]?["deep"] = [:]
    value["n"]?["deep"]?["er"] = true
    #expect(value["n"]?.jsonString() == #"{"deep":{"er":true}}"#)
    var null: JSONValue = nil
    null["k"] = nil
    #expect(null == .null)
    // Values of other kinds do not change.
    for kind in [1, "s", true, [1], 1.5] as [JSONValue] {
      var changed = kind
      changed["k"] = 1
      #expect(changed == kind)
    }
    var text: JSONValue = "s"
    text[0] = 1
    #expect(text == "s")
  }

  @Test("Typed accessors return nil for other kinds") func accessors() {
    let all: [JSONValue] = [nil, true, 3, .uint(.max), 2.0, 2.5, "t", [1], ["k": 1]]
    #expect(all.map(\.boolValue) == [nil, true, nil, nil, nil, nil, nil, nil, nil])
    #expect(all.map(\.intValue) == [nil, nil, 3, nil, 2, nil, nil, nil, nil])
    #expect(all.map(\.doubleValue) == [nil, nil, 3, 18446744073709551615.0, 2, 2.5, nil, nil, nil])
    #expect(all.map(\.stringValue) == [nil, nil, nil, nil, nil, nil, "t", nil, nil])
    #expect(all.map(\.arrayValue) == [nil, nil, nil, nil, nil, nil, nil, [1], nil])
    #expect(all.map(\.objectValue) == [nil, nil, nil, nil, nil, nil, nil, nil, ["k": 1]])
  }

  @Test("Values of the basic types are converted to JSON") func initializers() {
    let (flag, count, byte, ratio, half, name) = (true, 5, UInt8(7), 0.5, Float(0.25), "n")
    let value: JSONValue = [
      "flag": .init(flag), "count": .init(count), "byte": .init(byte), "ratio": .init(ratio), "half": .init(half),
      "name": .init(name), "part": .init(name.prefix(1)), "big": .init(UInt64.max), "huge": .init(Int128.max),
      "list": .init([1, "two"]), "object": .init(["k": nil] as JSONObject),
    ]
    #expect(
      value.jsonString()
        == #"{"flag":true,"count":5,"byte":7,"ratio":0.5,"half":0.25,"name":"n","part":"n","big":18446744073709551615,"huge":1.7014118346046923e+38,"list":[1,"two"],"object":{"k":null}}"#
    )
  }

  @Test("Strings and keys are compared by their bytes") func bytewise() {
    let (composed, decomposed): (JSONValue, JSONValue) = ("caf\u{e9}", "cafe\u{301}")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(["caf\u{e9}": 1] as JSONValue != ["cafe\u{301}": 1] as JSONValue)
  }

  // MARK: Depth

  /// Nested arrays or objects.
  private func nested(_ depth: Int, _ wrap: (JSONValue) -> JSONValue) -> JSONValue {
    var value: JSONValue = 1
    for _ in 0..<depth { value = wrap(value) }
    return value
  }

  /// Takes a deep value apart from the outside: the standard library would recurse to deallocate it.
  private func dismantle(_ value: inout JSONValue) {
    while true {
      switch value {
      case .array(let values): value = values.first ?? .null
      case .object(let object): value = object.values.first ?? .null
      default: return
      }
    }
  }

  @Test(
    "A value nested 100,000 deep is compared, hashed, printed and refused without recursion", arguments: [true, false])
  func deepValues(isObject: Bool) throws {
    let wrap = { (value: JSONValue) -> JSONValue in isObject ? ["k": value] : [value] }
    var a = nested(100_000, wrap)
    var b = nested(100_000, wrap)
    var c = nested(99_999, wrap)
    #expect((a == b) == true)
    #expect((a == c) == false)
    #expect(a.hashValue == b.hashValue)
    #expect(a.jsonString().utf8.count < 10_000)
    #expect(a.description.contains("null"))
    #expect(throws: EncodingError.self) { try PayloadCoder.encode(a) }
    #expect(throws: EncodingError.self) { try JSONValue(encoding: [a]) }
    #expect(throws: EncodingError.self) { try a.decoded(as: [JSONValue].self) }
    dismantle(&a)
    dismantle(&b)
    dismantle(&c)
  }

  @Test("Foundation's coder refuses a value nested more than 512 deep") func deepValuesInFoundation() {
    let value = nested(600) { [$0] }
    #expect(throws: EncodingError.self) { try JSONEncoder().encode(value) }
  }
}
