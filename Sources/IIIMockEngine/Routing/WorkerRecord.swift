internal import III

/// What a worker reported of itself (`engine::workers::register`).
struct ReportedMetadata: Equatable {
  struct Telemetry: Equatable {
    var language: String?
    var projectName: String?
    var framework: String?
  }

  var runtime: String?
  var version: String?
  var name: String?
  var os: String?
  var isolation: String?
  var pid: UInt32?
  var telemetry: Telemetry?
  var description: String?
}

/// A worker's connection as the router knows it. Confined to the router: a class, so that reading one member copies none.
final class WorkerRecord {
  let peer: PeerID
  let id: UUID128
  let reattachToken: UUID128
  let connectedAtMilliseconds: Int64
  let ipAddress: String?
  let access: ConnectionAccess
  var metadata = ReportedMetadata()
  /// The ids of functions that it has registered as invoked over HTTP, where the engine's version keeps them apart.
  var httpFunctions: Set<ByteKey> = []

  init(
    peer: PeerID, id: UUID128, reattachToken: UUID128, connectedAtMilliseconds: Int64, ipAddress: String?,
    access: ConnectionAccess
  ) {
    self.peer = peer
    self.id = id
    self.reattachToken = reattachToken
    self.connectedAtMilliseconds = connectedAtMilliseconds
    self.ipAddress = ipAddress
    self.access = access
  }

  var label: WorkerLabel { WorkerLabel(id: id.description, name: metadata.name) }
}
