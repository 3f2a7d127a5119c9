import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// A channel as its users see it: who made it, and where its ends are opened.
struct ChannelPeers {
  let maker: RawPeer
  let url: String
  let id: String
  let key: String

  /// Has a new worker make a channel.
  init(at url: String, capacity: Int? = nil) async throws {
    let maker = try await RawPeer.open(url)
    _ = try await maker.receiveText()
    try await self.init(by: maker, at: url, capacity: capacity)
  }

  init(by maker: RawPeer, at url: String, capacity: Int? = nil) async throws {
    self.maker = maker
    self.url = url
    let input = capacity.map { #"{"buffer_size":\#($0)}"# } ?? "{}"
    await maker.send(
      #"{"type":"invokefunction","invocation_id":"\#(IIIMockEngineTests.id(1))","function_id":"engine::channels::create","data":\#(input)}"#
    )
    guard case .object(let answer) = try JSONValue(parsing: try await maker.receiveText()),
      case .object(let refs)? = answer["result"], case .object(let ref)? = refs["reader"],
      case .string(let id)? = ref["channel_id"], case .string(let key)? = ref["access_key"]
    else { throw ChannelPeersError.noRefs }
    self.id = id
    self.key = key
  }

  enum ChannelPeersError: Error { case noRefs }

  /// What an end is asked for by.
  func path(_ end: String) -> String { "/ws/channels/\(id)?key=\(key)&dir=\(end)" }

  /// A connection at an end, of this listener or of another.
  func open(_ end: ChannelDirection, at url: String? = nil, early: [RawFrame] = []) async throws -> RawPeer {
    try await RawPeer.open(url ?? self.url, path: path(end.rawValue), early: early)
  }
}

extension RawPeer {
  /// The frames that come, up to the Close and with it, after which the other side ends the connection.
  func receiveUntilClose() async throws -> [RawFrame] {
    _ = try await ended()
    return takeUnread()
  }
}
