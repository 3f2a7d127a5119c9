import Foundation
import III

/// The types that the payloads are decoded into.
extension CoderCorpus {
  enum Kind: String, Codable { case small, large }

  struct Order: Codable {
    struct Item: Codable {
      var sku: String, quantity: Int, price: Double, tags: [String], kind: Kind
    }

    var id: Int, customer: String, paid: Bool, note: String?, placed: Date, items: [Item], total: Double
  }

  struct User: Codable {
    struct Address: Codable { var street: String, city: String, zip: String }

    var id: Int, name: String, email: String, isActive: Bool, age: Int, score: Double, roles: [String], address: Address

    enum CodingKeys: String, CodingKey {
      case id, name, email, age, score, roles, address
      case isActive = "is_active"
    }
  }

  struct Event: Codable {
    var eventID: String, type: String, timestamp: Date, sequence: Int, attributes: [String: String], retries: Int?

    enum CodingKeys: String, CodingKey {
      case type, timestamp, sequence, attributes, retries
      case eventID = "event_id"
    }
  }

  struct Point: Codable { var id: Int, x: Double, y: Double, label: String }

  struct Empty: Codable {}

  /// Three members of very many.
  struct Narrow: Codable { var key0: Int, key7919: Int, absent: Int? }

  struct Reversed: Codable { var a, b, c, d, e, f, g, h, i, j, k, l: Int }

  struct Sparse: Codable { var id: Int, a, b, c, d, e, f: String? }

  struct Deep: Codable {
    var inner: [Deep]

    init(from decoder: any Decoder) throws { inner = try decoder.singleValueContainer().decode([Deep].self) }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(inner)
    }
  }

  final class Node: Codable {
    var n: Int
    var next: Node?
  }

  enum Choice: Codable {
    case number(Int)
    case text(String)
  }

  class Base: Codable { var base: Int }

  final class Derived: Base {
    var own: Int

    private enum CodingKeys: CodingKey { case own }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      own = try container.decode(Int.self, forKey: .own)
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(own, forKey: .own)
      try super.encode(to: container.superEncoder())
    }
  }

  /// A key made of any text.
  struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads its members in the order of their names.
  struct SortedKeys: Codable {
    var values: [(key: String, value: Int)] = []

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
        values.append((key.stringValue, try container.decode(Int.self, forKey: key)))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: AnyKey.self)
      for (key, value) in values { try container.encode(value, forKey: AnyKey(stringValue: key)) }
    }
  }

  /// One of two kinds of value, found out by trial.
  enum StringOrInt: Codable {
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

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .string(let text): try container.encode(text)
      case .int(let int): try container.encode(int)
      }
    }
  }

  /// The elements that could be decoded.
  struct Lossy<Element: Codable>: Codable {
    struct Anything: Decodable {}

    var elements: [Element] = []

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      while !container.isAtEnd {
        if let element = try? container.decode(Element.self) {
          elements.append(element)
        } else {
          _ = try container.superDecoder()
        }
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(element) }
    }
  }

  /// Any JSON, found out by trial as most packages do it.
  indirect enum AnyCodable: Codable {
    case null, bool(Bool), int(Int), double(Double), string(String), array([AnyCodable]), object([String: AnyCodable])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else if let value = try? container.decode(Int.self) {
        self = .int(value)
      } else if let value = try? container.decode(Double.self) {
        self = .double(value)
      } else if let value = try? container.decode(String.self) {
        self = .string(value)
      } else if let value = try? container.decode([AnyCodable].self) {
        self = .array(value)
      } else {
        self = .object(try container.decode([String: AnyCodable].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .null: try container.encodeNil()
      case .bool(let value): try container.encode(value)
      case .int(let value): try container.encode(value)
      case .double(let value): try container.encode(value)
      case .string(let value): try container.encode(value)
      case .array(let value): try container.encode(value)
      case .object(let value): try container.encode(value)
      }
    }
  }

  /// Reads how long its own coding path is.
  struct Located: Codable {
    var depth: Int

    init(from decoder: any Decoder) throws { depth = decoder.codingPath.count }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(encoder.codingPath.count + depth)
    }
  }
}
