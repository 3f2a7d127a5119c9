import Foundation
import Testing

@testable import III

/// The schemas inferred from types.
@Suite struct JSONSchemaTests {
  enum Color: String, Codable, CaseIterable { case red, green = "GREEN" }
  enum Level: Int, Codable, CaseIterable { case low = 1, high = 9 }
  enum Kind: String, Codable { case a, b }
  enum Choice: Codable { case number(Int), text(label: String) }
  struct Address: Codable { var street: String, zip: Int? }

  /// The schema without `$schema`.
  private func schema<T>(_ type: T.Type) -> JSONValue? {
    var schema = jsonSchema(for: type)
    if schema != nil { #expect(schema?["$schema"] == "https://json-schema.org/draft/2020-12/schema") }
    schema?["$schema"] = nil
    return schema
  }

  @Test("Members have the order and the types of their declaration; optional ones are not required") func object() {
    struct Input: Codable { var name: String, age: Int, nick: String? }
    #expect(
      jsonSchema(for: Input.self)?.jsonString()
        == #"{"title":"Input","type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"nick":{"type":["string","null"]}},"required":["name","age"],"$schema":"https://json-schema.org/draft/2020-12/schema"}"#
    )
  }

  @Test("Types of the standard library and of Foundation have their schemas") func plainTypes() {
    #expect(schema(Int.self) == ["type": "integer"])
    #expect(schema(UInt8.self) == ["type": "integer", "minimum": 0])
    #expect(schema(Int128.self) == ["type": "integer"])
    #expect(schema(Double.self) == ["type": "number"])
    #expect(schema(Float.self) == ["type": "number"])
    #expect(schema(Decimal.self) == ["type": "number"])
    #expect(schema(Bool.self) == ["type": "boolean"])
    #expect(schema(String?.self) == ["type": ["string", "null"]])
    #expect(schema(Date.self) == ["type": "string", "format": "date-time"])
    #expect(schema(UUID.self) == ["type": "string", "format": "uuid"])
    #expect(schema(URL.self) == ["type": "string", "format": "uri-reference"])
    #expect(schema(Data.self) == ["type": "string", "contentEncoding": "base64"])
    #expect(schema([[Int]].self) == ["type": "array", "items": ["type": "array", "items": ["type": "integer"]]])
    #expect(schema(Set<String>.self) == ["type": "array", "items": ["type": "string"], "uniqueItems": true])
    #expect(schema([String: Bool].self) == ["type": "object", "additionalProperties": ["type": "boolean"]])
    #expect(schema([Int: String].self) == ["type": "object", "additionalProperties": ["type": "string"]])
    #expect(schema([JSONValue].self) == ["type": "array"])
    #expect(schema([String: JSONValue].self) == ["type": "object"])
    #expect(schema(JSONObject.self) == ["type": "object"])
    #expect(schema(Range<Int>.self) == ["type": "array", "items": ["type": "integer"]])
    #expect(schema(Color.self) == ["type": "string", "enum": ["red", "GREEN"]])
    #expect(schema(Level?.self) == ["type": ["integer", "null"], "enum": [1, 9, nil]])
    #expect(schema(Kind.self) == ["type": "string"])
  }

  @Test("Nested named types are definitions") func nestedTypes() {
    struct Order: Codable {
      var id: UUID, home: Address, other: Address?, all: [Address], byName: [String: Address], kind: Kind, color: Color?
      enum CodingKeys: String, CodingKey { case id, home, other, all, kind, color, byName = "by_name" }
    }
    let reference: JSONValue = ["$ref": "#/$defs/Address"]
    let order = schema(Order.self)
    #expect(order?["properties"]?["home"] == reference)
    #expect(order?["properties"]?["other"] == ["anyOf": [reference, ["type": "null"]]])
    #expect(order?["properties"]?["all"] == ["type": "array", "items": reference])
    #expect(order?["properties"]?["by_name"] == ["type": "object", "additionalProperties": reference])
    #expect(order?["properties"]?["kind"] == ["type": "string"])
    #expect(order?["properties"]?["color"] == ["type": ["string", "null"], "enum": ["red", "GREEN", nil]])
    #expect(Set(order?["required"]?.arrayValue ?? []) == ["id", "home", "all", "by_name", "kind"])
    #expect(
      order?["$defs"] == [
        "Address": [
          "title": "Address", "type": "object",
          "properties": ["street": ["type": "string"], "zip": ["type": ["integer", "null"]]], "required": ["street"],
        ]
      ])
    #expect(schema([Address].self)?["items"] == reference)
    #expect(schema(Address?.self)?["anyOf"] == [reference, ["type": "null"]])
  }

  struct Tree: Codable { var name: String, children: [Tree] }
  final class Node: Codable {
    var value = 0
    var next: Node?
  }
  struct Generic<T: Codable>: Codable { var value: T, next: T? }
  struct Endless<T: Codable>: Codable { var value: T, next: Deeper? }
  struct Deeper: Codable { var a: [Endless<[Deeper]>] }
  struct Growing<T: Codable>: Codable {
    var value: Int

    enum CodingKeys: CodingKey { case value, left, right }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      value = try container.decode(Int.self, forKey: .value)
      _ = try container.decodeIfPresent(Growing<[T]>.self, forKey: .left)
      _ = try container.decodeIfPresent(Growing<T?>.self, forKey: .right)
    }

    func encode(to encoder: any Encoder) throws {}
  }

  @Test("Types that contain themselves are references") func recursiveTypes() {
    let tree = schema(Tree.self)
    #expect(tree?["$ref"] == "#/$defs/Tree")
    #expect(
      tree?["$defs"]?["Tree"]?["properties"]?["children"] == ["type": "array", "items": ["$ref": "#/$defs/Tree"]])
    #expect(schema(Node.self)?["$defs"]?["Node"]?["required"] == ["value"])
    #expect(schema(Generic<Color>.self)?["title"] == "Generic<Color>")
    #expect(schema(Generic<Tree>.self)?["$defs"]?["Tree"] != nil)
    #expect(schema([Generic<Int>].self)?["items"] == ["$ref": "#/$defs/Generic_Int_"])
    #expect(schema(Endless<Int>.self)?["$defs"]?["Deeper"] != nil)
    // Inference of a generic type that contains ever more types ends.
    #expect(schema(Growing<Int>.self)?["$defs"]?.objectValue?.count ?? 0 < 1000)
  }

  @Test("Two types with the same name have two definitions") func sameNames() {
    enum First { struct Item: Codable { var a: Int } }
    enum Second { struct Item: Codable { var b: Int } }
    struct Both: Codable { var one: First.Item, two: Second.Item }
    let both = schema(Both.self)
    #expect(both?["$defs"]?["Item"]?["required"] == ["a"])
    #expect(both?["$defs"]?["Item_2"]?["required"] == ["b"])
  }

  @Test("Types with their own initialisers are inferred from what they read") func customTypes() {
    struct Positive: Codable {
      var number: Int
      init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int.self)
        guard number > 0 else {
          throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "not positive"))
        }
      }
    }
    struct Pair: Codable {
      var a: Int, b: String
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        a = try container.decode(Int.self)
        b = try container.decode(String.self)
      }
    }
    struct StringOrInt: Codable {
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if (try? container.decode(Int.self)) == nil { _ = try container.decode(String.self) }
      }
      func encode(to encoder: any Encoder) throws {}
    }
    struct Nested: Decodable {
      enum Key: CodingKey { case outer, inner, list }
      init(from decoder: any Decoder) throws {
        let outer = try decoder.container(keyedBy: Key.self).nestedContainer(keyedBy: Key.self, forKey: .outer)
        _ = try outer.decode(Int.self, forKey: .inner)
        var list = try outer.nestedUnkeyedContainer(forKey: .list)
        while !list.isAtEnd { _ = try list.decode(Bool.self) }
      }
    }
    struct Whole: Codable { var positive: Positive, pair: Pair, either: StringOrInt, choice: Choice, last: Bool }
    let whole = schema(Whole.self)
    #expect(whole?["required"] == ["positive", "pair", "either", "choice", "last"])
    #expect(whole?["properties"]?["positive"] == ["type": "integer"])
    #expect(whole?["properties"]?["pair"] == ["type": "array"])
    #expect(whole?["properties"]?["either"] == ["anyOf": [["type": "integer"], ["type": "string"]]])
    #expect(whole?["properties"]?["choice"] == ["type": "object"])
    #expect(
      schema(Nested.self)?["properties"] == [
        "outer": [
          "type": "object",
          "properties": ["inner": ["type": "integer"], "list": ["type": "array", "items": ["type": "boolean"]]],
          "required": ["inner", "list"],
        ]
      ])
  }

  class Base: Codable { var base = 1 }
  final class Derived: Base {
    var own = 2

    enum CodingKeys: CodingKey { case own }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      own = try container.decode(Int.self, forKey: .own)
      try super.init(from: container.superDecoder())
    }
  }

  struct Provided: Codable, JSONSchemaProviding {
    static var jsonSchema: JSONValue { ["type": "string", "pattern": "^a", "$schema": "s", "$defs": ["X": true]] }

    init(from decoder: any Decoder) throws { throw CocoaError(.coderReadCorrupt) }
    func encode(to encoder: any Encoder) throws {}
  }

  @Test("A schema that a type provides takes precedence over the inferred one") func providedSchemas() {
    struct Outer: Codable { var first: Int, provided: Provided? }
    #expect(jsonSchema(for: Provided.self)?["$schema"] == "s")
    #expect(schema(Outer.self)?["properties"]?["provided"] == ["type": ["string", "null"], "pattern": "^a"])
    #expect(schema(Outer.self)?["$defs"] == ["X": true])
    #expect(schema(Derived.self)?["properties"]?["super"]?["required"] == ["base"])
  }

  @Test("Types that cannot be inferred have no schema") func noSchema() {
    struct Refusing: Codable {
      init(from decoder: any Decoder) throws { throw CocoaError(.coderReadCorrupt) }
      func encode(to encoder: any Encoder) throws {}
    }
    struct Asking: Decodable {
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        while true { _ = try container.decode(Int.self) }
      }
    }
    struct OnlyEncodable: Encodable {}
    struct Holder: Codable { var refusing: Refusing }
    struct Lenient: Codable { var first: Int, refusing: Refusing?, all: [Refusing]? }
    #expect(jsonSchema(for: JSONValue.self) == nil)
    #expect(jsonSchema(for: Refusing.self) == nil)
    #expect(jsonSchema(for: Holder.self) == nil)
    #expect(jsonSchema(for: Asking.self) == nil)
    #expect(jsonSchema(for: OnlyEncodable.self) == nil)
    #expect(jsonSchema(for: Void.self) == nil)
    #expect(
      schema(Lenient.self)?["properties"] == [
        "first": ["type": "integer"], "refusing": [:], "all": ["type": ["array", "null"]],
      ])
  }

  @Test("The engine's own notation is encoded with `required` always present") func engineFormat() throws {
    let format = RegisterFunctionFormat(
      name: "order", type: "object",
      body: [
        RegisterFunctionFormat(
          name: "tags", type: "array", items: RegisterFunctionFormat(name: "tag", type: "string"), required: true)
      ])
    let json = try JSONValue(encoding: format)
    #expect(
      json.jsonString()
        == #"{"name":"order","type":"object","body":[{"name":"tags","type":"array","items":{"name":"tag","type":"string","required":false},"required":true}],"required":false}"#
    )
    #expect(try json.decoded(as: RegisterFunctionFormat.self) == format)
  }
}
