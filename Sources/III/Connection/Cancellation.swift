/// Ends what it was handed out for, such as a listener.
public struct Cancellation: Sendable {
  private let end: @Sendable () -> Void

  init(_ end: @escaping @Sendable () -> Void) { self.end = end }

  /// Ends it; a second call does nothing.
  public func cancel() { end() }
}
