internal import III

/// What the journal keeps of a frame, or of something else that happened: a cache line of 64 bytes, without references.
///
/// A frame between workers, nearly all of the traffic, has its record together with the frame that passes it on: two entries.
struct JournalRecord: BitwiseCopyable {
  enum Kind: UInt8 {
    // Frames from a peer.
    case receivedText, receivedBinary, receivedPing
    // Frames to a peer.
    case sentText, sentPong
    /// What is in the table of details.
    case detail
  }

  /// What became of a received call that was not passed on to a worker.
  enum Route: UInt8 {
    case none, builtIn, notFound, denied, middleware, enqueued, stubbed
  }

  /// The next entry, if it has no record of its own: the frame that passes on a part of this one, without trace headers and metadata.
  enum Passage: UInt8 {
    case none, call
    /// A call to whose payload the caller's id is added.
    case callWithCaller
    case result
  }

  let kind: Kind
  var route = Route.none
  /// The frame's kind, by its raw value.
  var frame: UInt8 = .max
  var passage = Passage.none
  /// The connection's number; 0 for none.
  let connection: UInt32
  /// The frame's length. Its first bytes are in the log, as many as a frame may have there.
  var size: UInt32 = 0
  /// The number of the connection to which a call was passed on, or of the next entry's; 0 for none.
  var target: UInt32 = 0
  /// By the engine's time source.
  let time: UInt64
  /// Where the frame's bytes are in the log; of other entries, where those of the next frame will be.
  let position: UInt64
  /// The entry's number.
  let number: UInt64
  /// The call that was passed on, or whose result was.
  var id = UUID128(high: 0, low: 0)
  /// Where the part that was passed on begins in the frame; of a frame that was sent, see `sourceDistance`.
  var offset: UInt32 = 0
  /// The length of the part that was passed on.
  var partCount: UInt32 = 0

  /// Of a frame that was sent: by how much its number is above that of the frame that it passes on; 0 if the engine made it.
  var sourceDistance: UInt32 { kind == .sentText ? offset : 0 }
}

/// What is kept of an entry beside its record: of entries that are rare.
enum JournalDetail {
  case opened(address: String, listener: Int)
  case refused(reason: String)
  case closed(reason: String, JournalConnection)
  case event(JournalEntry.Event)
  /// What the envelope of a frame says that is too long to be kept.
  case outline(functionID: String?, invocationID: UUID128?)
  /// The length of a frame that passes on a part of one that is too long to be kept.
  case passedOn(size: Int)
}
