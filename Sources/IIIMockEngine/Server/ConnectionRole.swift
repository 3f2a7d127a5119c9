internal import III
internal import UV

/// What a connection is that is no worker: an end of a channel, telemetry, later HTTP and stream sockets.
/// Confined to the engine's loop.
protocol ConnectionRole: AnyObject {
  /// What the engine's log calls such a connection: `a telemetry connection`.
  var name: String { get }

  /// The built-in worker that has the connection, on a listener for workers; the connection ends with it.
  var owner: (any BuiltInWorker)? { get }

  /// Bytes came. They are valid, and the role's to change, during the call.
  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer)

  /// Everything that was written has gone to the kernel, after something had to wait.
  func drained(_ connection: Peer)

  /// The connection ended: by its peer, by an error, or because the engine ended it. Nothing is called afterwards.
  func ended(_ connection: Peer)

  /// The engine shuts down: the last moment to send something. The connection ends right after.
  func engineStops(_ connection: Peer)
}

extension ConnectionRole {
  var name: String { "a connection" }
  var owner: (any BuiltInWorker)? { nil }
  func drained(_ connection: Peer) {}
  func ended(_ connection: Peer) {}
  func engineStops(_ connection: Peer) {}
}

/// What accepted connections of a listener begin as.
protocol ListenerRole: AnyObject {
  /// A connection was accepted.
  ///
  /// - Returns: Its role; `nil` for the first request of a WebSocket, which the listener reads by itself.
  func accepted(_ connection: Peer) -> (any ConnectionRole)?
}
