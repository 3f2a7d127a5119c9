/// An end of a channel cannot be used, or its data may be incomplete.
public struct IIIChannelError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What happened.
  public enum Reason: Error, Hashable {
    /// The engine has no such channel: the id or the key is wrong, or the engine has removed the channel.
    case notFound
    /// The end was opened before: each end can be opened once.
    case alreadyTaken
    /// The ref is of the channel's other end.
    case wrongDirection
    /// The end was closed by this program.
    case closed
    /// No connection: the address is not valid, or the engine cannot be reached or does not accept the connection; with the reason.
    case noConnection(String)
    /// The connection ended before the data did: the channel's other end is gone, or the engine; with the reason.
    case cutOff(String)
    /// There are more bytes than the limit given to ``ChannelReader/readAll(maxBytes:)``.
    case tooLarge(limit: Int)
  }

  /// What happened.
  public let reason: Reason
  /// The end.
  public let ref: StreamChannelRef

  /// Creates an error.
  public init(_ reason: Reason, _ ref: StreamChannelRef) {
    self.reason = reason
    self.ref = ref
  }

  /// What happened to which channel, and what to do; without the access key.
  public var description: String {
    switch reason {
    case .notFound:
      "\(ref) does not exist: its id or key is wrong, or the engine has removed the channel, as it does if one end is not opened within "
        + "five minutes"
    case .alreadyTaken: "\(ref) was opened before: each end can be opened once. Create a channel for each stream"
    case .wrongDirection:
      ref.direction == .read
        ? "\(ref) cannot be written to: give the writer the ref with the direction `write`"
        : "\(ref) cannot be read: give the reader the ref with the direction `read`"
    case .closed: "\(ref) is closed"
    case .noConnection(let why): "\(ref) cannot be opened: \(why)"
    case .cutOff(let why): "\(ref) was cut off, data may be missing: \(why)"
    case .tooLarge(let limit): "\(ref) has more than \(limit) bytes"
    }
  }
}
