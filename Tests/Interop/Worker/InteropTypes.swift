import III

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A payload with members of many kinds, for the check of the schema that is inferred from it.
struct TypedPayload: Codable, Sendable {
  enum Color: String, Codable, CaseIterable { case red, green = "GREEN" }

  struct Part: Codable { var id: Int, note: String? }

  struct Tree: Codable { var name: String, children: [Tree] }

  /// One of two kinds of value, found out by trial.
  enum Either: Codable {
    case number(Int), text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let number): try container.encode(number)
      case .text(let text): try container.encode(text)
      }
    }
  }

  var id: UUID, at: Date, color: Color, part: Part, parts: [Part], byName: [String: Part]?, flag: Bool, ratio: Double
  var count: UInt8, tree: Tree, either: Either, anything: JSONValue?

  enum CodingKeys: String, CodingKey {
    case id, at, color, part, parts, flag, ratio, count, tree, either, anything
    case byName = "by_name"
  }
}
