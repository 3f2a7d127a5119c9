/// How a call is delivered when the caller does not wait for its result.
///
/// ```swift
/// let request = TriggerRequest(functionID: "mail::send", payload: mail, action: .enqueue(queue: "mail"))
/// ```
///
/// Mirrors `TriggerAction` of the Python SDK.
public enum TriggerAction: Sendable, Hashable {
  /// Delivered through a queue; the engine answers with a receipt.
  case enqueue(TriggerActionEnqueue)
  /// Delivered without any answer.
  case void(TriggerActionVoid)

  /// Delivered through the queue with this name.
  public static func enqueue(queue: String) -> TriggerAction { .enqueue(TriggerActionEnqueue(queue: queue)) }

  /// Delivered without any answer.
  public static func void() -> TriggerAction { .void(TriggerActionVoid()) }
}

extension TriggerAction: Codable {
  /// Decodes the JSON form.
  ///
  /// - Throws: `DecodingError` for a type that is neither `enqueue` nor `void`.
  public init(from decoder: any Decoder) throws {
    switch try TriggerActionType(from: decoder) {
    case .enqueue: self = .enqueue(try TriggerActionEnqueue(from: decoder))
    case .void: self = .void(try TriggerActionVoid(from: decoder))
    }
  }

  /// Encodes as `{"type":"enqueue","queue":…}` or `{"type":"void"}`.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .enqueue(let action): try action.encode(to: encoder)
    case .void(let action): try action.encode(to: encoder)
    }
  }
}

/// The `type` member of an action.
enum TriggerActionType: String, Codable {
  case enqueue, void

  enum CodingKeys: String, CodingKey { case type }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard let type = Self(rawValue: try container.decode(String.self, forKey: .type)) else {
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "an action is of type enqueue or void")
    }
    self = type
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(rawValue, forKey: .type)
  }

  func check(_ decoder: any Decoder) throws {
    guard try Self(from: decoder) == self else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not an action of type \(rawValue)"))
    }
  }
}

/// Delivery without any answer; the call returns as soon as it is handed to the connection.
///
/// ```swift
/// try await iii.trigger("audit::log", payload: entry, action: .void())
/// ```
public struct TriggerActionVoid: Sendable, Hashable {
  /// Creates an action.
  public init() {}

  /// Delivered without any answer.
  public static func void() -> Self { Self() }
}

extension TriggerActionVoid: Codable {
  /// Decodes the JSON form.
  ///
  /// - Throws: `DecodingError` for an action of another type.
  public init(from decoder: any Decoder) throws { try TriggerActionType.void.check(decoder) }

  /// Encodes as `{"type":"void"}`.
  public func encode(to encoder: any Encoder) throws { try TriggerActionType.void.encode(to: encoder) }
}
