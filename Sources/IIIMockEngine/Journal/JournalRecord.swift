internal import III

/// One entry of the journal as it is written on the frame path: a cache line of 64 bytes, without references.
struct JournalRecord: BitwiseCopyable {
  enum Kind: UInt8 {
    // Frames from a peer. Their bytes are in the log.
    case receivedText, receivedBinary, receivedPing
    // Frames to a peer. Their bytes are in the log.
    case sentText, sentPong
    /// A call that is passed on, without trace headers and metadata: its payload is a part of the frame `source`.
    case passedCall
    /// A result that is passed on: a part of the frame `source`.
    case passedResult
    /// What is in the table of details.
    case detail
  }

  /// What became of a received call that was not passed on to a worker.
  enum Route: UInt8 {
    case none, builtIn, notFound, denied, middleware, enqueued, stubbed
  }

  let kind: Kind
  var route = Route.none
  /// The frame's kind, by its raw value.
  var frame: UInt8 = .max
  /// Whether the table of details has more of the entry.
  var hasDetail = false
  /// The connection's number; 0 for none.
  let connection: UInt32
  /// By the engine's time source.
  let time: UInt64
  /// The frame's length.
  var size: UInt32 = 0
  /// The number of bytes in the log; of frames that were passed on, in `source`.
  var count: UInt32 = 0
  /// Where those bytes begin within `source`.
  var offset: UInt32 = 0
  /// Whether the caller's id is added to the payload.
  var namesCaller = false
  /// Where the frame's bytes are in the log; of other entries, where those of the next frame will be.
  let position: UInt64
  /// The frame that this one passes on, by its entry's number.
  var source: UInt64 = 0
  /// The call's id.
  var id = UUID128(high: 0, low: 0)
}

/// What is kept of an entry beside its record: of entries that are rare.
enum JournalDetail {
  case opened(address: String, listener: Int)
  case refused(reason: String)
  case closed(reason: String, JournalConnection)
  case event(JournalEntry.Event)
  /// What the envelope of a frame says that is too long to be kept.
  case outline(functionID: String?, invocationID: UUID128?)
}
