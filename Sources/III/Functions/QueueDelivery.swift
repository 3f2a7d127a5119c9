/// Which queue delivers an invocation, and for which time.
///
/// ```swift
/// try iii.registerFunction("mail::send") { (mail: Mail) async throws in
///   if let delivery = InvocationContext.current?.delivery, delivery.attempt > 1 { log("again:", mail.id) }
///   try await send(mail)
/// }
/// ```
public struct QueueDelivery: Sendable, Hashable {
  /// The queue's name, or the topic.
  public let queue: String
  /// The number of the delivery, from 1 on.
  public let attempt: Int

  /// Creates a value, for a test that runs a handler without an engine.
  public init(queue: String, attempt: Int) {
    self.queue = queue
    self.attempt = attempt
  }

  /// Reads the member `delivery` of a message; `nil` if it is something else.
  init?(_ json: [UInt8]) {
    guard let value = json.withView({ try? JSONParser.parse($0) }), case .string(let queue)? = value["queue"],
      case .int(let attempt)? = value["attempt"], attempt > 0
    else { return nil }
    self.init(queue: queue, attempt: Int(attempt))
  }
}
