/// What the engine answers when it has taken a call into a queue.
///
/// Mirrors `EnqueueResult` of the Python SDK.
public struct EnqueueResult: Sendable, Hashable, Codable {
  /// The id under which the queue keeps the message; `messageReceiptId` on the wire too.
  public var messageReceiptId: String

  /// Makes a result, as a test does that plays the engine.
  public init(messageReceiptId: String) { self.messageReceiptId = messageReceiptId }
}
