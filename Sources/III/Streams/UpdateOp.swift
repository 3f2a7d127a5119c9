/// A change of a value of the state or of a stream, which the engine applies without another change in between.
///
/// A path is the name of one member of the value; the empty path is the value itself. Dots have no meaning.
///
/// ```swift
/// try await State(iii).update(
///   scope: "carts", key: "17",
///   ops: [.increment(path: "count", by: 1), .append(path: "items", value: "pear"), .set(path: "paid", value: false)],
///   as: JSONValue.self)
/// ```
public enum UpdateOp: Sendable, Hashable {
  /// Sets a member, or replaces the value.
  case set(path: String, value: JSONValue)
  /// Adds to a number; a missing one counts as 0.
  case increment(path: String, by: Int64)
  /// Subtracts from a number; a missing one counts as 0.
  case decrement(path: String, by: Int64)
  /// Appends an element to an array, or text to a string; a missing member is created. `nil` is the value itself.
  case append(path: MergePath?, value: JSONValue)
  /// Removes a member; the empty path makes the value null.
  case remove(path: String)
  /// Sets the members of an object, and keeps the others; missing objects on the path are created. `nil` is the value itself.
  case merge(path: MergePath?, value: JSONValue)

  private enum Kind: String, Codable {
    case set, increment, decrement, append, remove, merge
  }

  private enum CodingKeys: String, CodingKey {
    case type, path, value, by
  }
}

extension UpdateOp: Codable {
  /// Decodes the form of the wire.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func path() throws -> String { try container.decode(String.self, forKey: .path) }
    func value() throws -> JSONValue { try container.decode(JSONValue.self, forKey: .value) }
    switch try container.decode(Kind.self, forKey: .type) {
    case .set:
      self = .set(path: try path(), value: try container.decodeIfPresent(JSONValue.self, forKey: .value) ?? .null)
    case .increment: self = .increment(path: try path(), by: try container.decode(Int64.self, forKey: .by))
    case .decrement: self = .decrement(path: try path(), by: try container.decode(Int64.self, forKey: .by))
    case .append:
      self = .append(path: try container.decodeIfPresent(MergePath.self, forKey: .path), value: try value())
    case .remove: self = .remove(path: try path())
    case .merge: self = .merge(path: try container.decodeIfPresent(MergePath.self, forKey: .path), value: try value())
    }
  }

  /// Encodes the form of the wire; a path that is `nil` is left out.
  ///
  /// - Throws: The encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func write(_ kind: Kind, _ path: some Encodable) throws {
      try container.encode(kind, forKey: .type)
      try container.encode(path, forKey: .path)
    }
    switch self {
    case .set(let path, let value):
      try write(.set, path)
      try container.encode(value, forKey: .value)
    case .increment(let path, let by):
      try write(.increment, path)
      try container.encode(by, forKey: .by)
    case .decrement(let path, let by):
      try write(.decrement, path)
      try container.encode(by, forKey: .by)
    case .remove(let path): try write(.remove, path)
    case .append(let path, let value):
      try container.encode(Kind.append, forKey: .type)
      try container.encodeIfPresent(path, forKey: .path)
      try container.encode(value, forKey: .value)
    case .merge(let path, let value):
      try container.encode(Kind.merge, forKey: .type)
      try container.encodeIfPresent(path, forKey: .path)
      try container.encode(value, forKey: .value)
    }
  }
}

/// A place in a value: a member, or a member of members.
public enum MergePath: Sendable, Hashable {
  /// A member of the value.
  case single(String)
  /// A member, its member, and so on; at most 32.
  case segments([String])
}

extension MergePath: Codable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  /// A member of the value.
  public init(stringLiteral name: String) { self = .single(name) }

  /// A member, its member, and so on.
  public init(arrayLiteral segments: String...) { self = .segments(segments) }

  /// Decodes a string or an array of strings.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self) {
      self = .single(name)
    } else {
      self = .segments(try container.decode([String].self))
    }
  }

  /// Encodes a string or an array of strings.
  ///
  /// - Throws: The encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .single(let name): try container.encode(name)
    case .segments(let segments): try container.encode(segments)
    }
  }
}

/// Why an operation of an update could not be applied.
public struct UpdateOpError: Sendable, Hashable, Codable {
  /// The operation's place in the list.
  public var opIndex: Int
  /// The kind of problem, such as `increment.not_number`.
  public var code: String
  /// The problem.
  public var message: String
  /// A page that explains the code.
  public var docURL: String?

  /// Creates an error.
  public init(opIndex: Int, code: String, message: String, docURL: String? = nil) {
    self.opIndex = opIndex
    self.code = code
    self.message = message
    self.docURL = docURL
  }

  private enum CodingKeys: String, CodingKey {
    case code, message
    case opIndex = "op_index"
    case docURL = "doc_url"
  }
}
