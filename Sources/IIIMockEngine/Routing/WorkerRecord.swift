internal import III

/// What a worker said of itself (`engine::workers::register`).
struct WorkerMetadata: Equatable {
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

/// A connection as the router knows it.
struct WorkerRecord {
  let peer: PeerID
  let id: UUID128
  let reattachToken: UUID128
  let connectedAtMilliseconds: Int64
  let ipAddress: String?
  var metadata = WorkerMetadata()
  /// Ids of functions that it registered and that nobody took over since.
  var functions: Set<String> = []

  var label: WorkerLabel { WorkerLabel(id: id.description, name: metadata.name) }
}
