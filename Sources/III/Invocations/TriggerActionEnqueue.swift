/// Delivery through a named queue; the call returns an `EnqueueResult`.
///
/// ```swift
/// let receipt = try await iii.trigger("math::add", payload: pair, action: .enqueue(queue: "math"))
/// ```
public struct TriggerActionEnqueue: Sendable, Hashable {
  /// The queue's name.
  public var queue: String

  /// Creates an action for the queue with this name.
  public init(queue: String) { self.queue = queue }

  /// Delivered through the queue with this name.
  public static func enqueue(queue: String) -> Self { Self(queue: queue) }
}

extension TriggerActionEnqueue: Codable {
  private enum CodingKeys: String, CodingKey { case type, queue }

  /// Decodes the JSON form.
  ///
  /// - Throws: `DecodingError` for an action of another type or without a queue.
  public init(from decoder: any Decoder) throws {
    try TriggerActionType.enqueue.check(decoder)
    queue = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .queue)
  }

  /// Encodes as `{"type":"enqueue","queue":…}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(TriggerActionType.enqueue.rawValue, forKey: .type)
    try container.encode(queue, forKey: .queue)
  }
}

/// The engine's receipt for a call that it has put into a queue.
///
/// Mirrors `EnqueueResult` of the Python SDK.
public struct EnqueueResult: Sendable, Hashable, Codable {
  /// The id of the message in the queue; the JSON name is `messageReceiptId` too.
  public var messageReceiptId: String

  /// Creates a receipt, for a test that simulates the engine.
  public init(messageReceiptId: String) { self.messageReceiptId = messageReceiptId }
}
