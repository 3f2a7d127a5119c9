import III

/// A `FrameEvent` that owns its bytes.
enum OwnedEvent: Equatable {
  case text(String)
  case binary([UInt8])
  case ping([UInt8])
  case pong([UInt8])
  case skipped([UInt8], isLast: Bool)
  case close(CloseReason)
  case violation(FrameViolation)

  init(_ event: FrameEvent) {
    switch event {
    case .text(let view): self = .text(view.string)
    case .binary(let view): self = .binary(view.array)
    case .ping(let view): self = .ping(view.array)
    case .pong(let view): self = .pong(view.array)
    case .skipped(let view, let isLast): self = .skipped(view.array, isLast: isLast)
    case .close(let reason): self = .close(reason)
    case .violation(let violation): self = .violation(violation)
    }
  }

  var closeCode: UInt16? {
    if case .violation(let violation) = self { violation.closeCode } else { nil }
  }
}

/// Feeds one chunk to `reader`, in memory that is valid only during the call.
func feed(_ bytes: [UInt8], to reader: inout FrameReader) -> [OwnedEvent] {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  defer { memory.deallocate() }
  memory.copyBytes(from: bytes)
  var events: [OwnedEvent] = []
  reader.append(memory)
  while let event = reader.next() { events.append(OwnedEvent(event)) }
  return events
}

/// The events of a new reader for the bytes, cut before each of the offsets in `cuts`.
func read(
  _ bytes: [UInt8], as role: WebSocketRole = .server, limits: FrameLimits = FrameLimits(), cuts: [Int] = []
) -> [OwnedEvent] {
  var reader = FrameReader(role: role, limits: limits)
  var events: [OwnedEvent] = []
  var start = 0
  for end in cuts + [bytes.count] {
    events += feed(Array(bytes[start..<end]), to: &reader)
    start = end
  }
  return events
}
