/// Names one end of a channel; whoever holds it can open that end, once.
///
/// It is plain JSON and may be anywhere in a payload, a result or a trigger's configuration:
/// `{"channel_id": "…", "access_key": "…", "direction": "read"}`. Mirrors `StreamChannelRef` of the Python SDK.
public struct StreamChannelRef: Sendable, Hashable, Codable {
  /// What the holder of a ref does.
  public enum Direction: String, Sendable, Codable {
    /// Reads: ``ChannelReader``.
    case read
    /// Writes: ``ChannelWriter``.
    case write
  }

  private enum CodingKeys: String, CodingKey {
    case channelID = "channel_id"
    case accessKey = "access_key"
    case direction
  }

  /// The channel's id.
  public var channelID: String
  /// The secret that opens both ends of the channel; it does not appear in `description`.
  public var accessKey: String
  /// Which end it is.
  public var direction: Direction

  /// Creates a ref.
  public init(channelID: String, accessKey: String, direction: Direction) {
    self.channelID = channelID
    self.accessKey = accessKey
    self.direction = direction
  }

  /// The refs in a JSON value, in its order, with their paths such as `files[0].content`; the path of the value itself is empty.
  ///
  /// An object with the three members is a ref, whatever other members it has; nothing is looked for inside it.
  ///
  /// ```swift
  /// let payload: JSONValue = ["a": [["channel_id": "c", "access_key": "k", "direction": "write"]]]
  /// StreamChannelRef.find(in: payload).map(\.path)   // ["a[0]"]
  /// ```
  public static func find(in value: JSONValue) -> [(path: String, ref: StreamChannelRef)] {
    var found: [(path: String, ref: StreamChannelRef)] = []
    // Without recursion, because values may be nested deeper than the stack allows.
    var pending: [(path: String, value: JSONValue)] = [("", value)]
    while let (path, value) = pending.popLast() {
      switch value {
      case .object(let object):
        if let ref = StreamChannelRef(object) {
          found.append((path, ref))
        } else {
          pending += object.reversed().map { (path.isEmpty ? $0.key : "\(path).\($0.key)", $0.value) }
        }
      case .array(let values): pending += values.enumerated().reversed().map { ("\(path)[\($0.offset)]", $0.element) }
      default: break
      }
    }
    return found
  }

  private init?(_ object: JSONObject) {
    guard case .string(let id)? = object["channel_id"], case .string(let key)? = object["access_key"],
      case .string(let text)? = object["direction"], let direction = Direction(rawValue: text)
    else { return nil }
    self.init(channelID: id, accessKey: key, direction: direction)
  }
}

extension StreamChannelRef: CustomStringConvertible, CustomDebugStringConvertible {
  /// The end, without the access key.
  public var description: String { "the \(direction) end of channel '\(channelID)'" }

  /// As `description`: a debugger's or test's output must not show the access key.
  public var debugDescription: String { description }
}
