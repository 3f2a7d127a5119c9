import III

/// A payload read through containers, with its coding paths and with errors that are caught, and written again.
enum PayloadWalk: Codable {
  case scalar(JSONValue)
  case array([PayloadWalk])
  case object([(key: String, value: PayloadWalk)])

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let depth = decoder.codingPath.count
    let single = try decoder.singleValueContainer()
    if (try? single.decode(Int8.self)) != nil || (try? single.decode(Bool.self)) != nil {
      self = .scalar(try single.decode(JSONValue.self))
    } else if let object = try? decoder.container(keyedBy: Key.self) {
      // Not in the order of the text.
      let keys = object.allKeys.reversed()
      self = .object(try keys.map { ($0.stringValue, try object.decode(PayloadWalk.self, forKey: $0)) })
    } else if var array = try? decoder.unkeyedContainer() {
      var elements: [PayloadWalk] = []
      while !array.isAtEnd { elements.append(try array.decode(PayloadWalk.self)) }
      self = .array(elements)
    } else {
      self = .scalar(try single.decode(JSONValue.self))
    }
    guard decoder.codingPath.count == depth else { throw FuzzFailure("a coding path has changed") }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .scalar(let value):
      var container = encoder.singleValueContainer()
      try container.encode(value)
    case .array(let elements):
      var container = encoder.unkeyedContainer()
      for element in elements { try container.encode(element) }
    case .object(let members):
      var container = encoder.container(keyedBy: Key.self)
      for (key, value) in members {
        // What was encoded before under a key is replaced.
        if key.utf8.count % 2 == 0 { try container.encode([1, 2], forKey: Key(stringValue: key)) }
        try container.encode(value, forKey: Key(stringValue: key))
      }
    }
  }

  /// Decodes and encodes a text, which `value` is when it is valid JSON.
  static func check(_ text: ByteView, _ value: JSONValue?) throws(FuzzFailure) {
    guard let walk = try? PayloadCoder.decode(PayloadWalk.self, from: text) else {
      if value != nil { throw FuzzFailure("the parser reads what the decoder does not: \(text.string)") }
      return
    }
    guard let value else { throw FuzzFailure("the decoder reads what the parser does not: \(text.string)") }
    guard let encoded = try? JSONValue(encoding: walk), encoded == value else {
      throw FuzzFailure("what was decoded and encoded is not the same: \(text.string)")
    }
    guard value.hashValue == value.hashValue, value.jsonString(sortedKeys: true).utf8.count > 0 else {
      throw FuzzFailure("a value has two hashes: \(text.string)")
    }
  }
}
