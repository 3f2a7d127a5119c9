/// Turns the bytes that a peer sends into messages and control frames (RFC 6455), for both sides.
///
/// Pass it each read with `append`, then call `next` until it returns nil:
///
///     reader.append(chunk)
///     while let event = reader.next() { … }
///
/// A whole frame inside the chunk is unmasked in place and returned without a copy. A frame that is split over several reads, or a message
/// in fragments, is stored, and unmasked and validated as it arrives.
package struct FrameReader: ~Copyable {
  private let role: WebSocketRole
  private let limits: FrameLimits

  /// The bytes of the chunk that are not read yet.
  private var cursor: UnsafeMutableRawPointer?
  private var available = 0

  /// The frame whose payload is being read, if `isInPayload`.
  private var frame = FrameHeader()
  private var isInPayload = false
  /// The number of the frame's payload bytes that have not arrived yet.
  private var missing = 0

  /// The first bytes of a header that is split over two reads.
  private var kept = FrameHeader.Prefix()

  /// Whether `message` holds a fragmented message, or the payload of a single frame that is split over reads.
  private var isInMessage = false
  private var isText = false
  /// Whether that message is above the limit and is passed on in parts.
  private var isSkipping = false
  private var message = MessageBuffer()
  private var utf8 = UTF8Validator()

  /// A control frame that is split over reads.
  private var control = MessageBuffer()

  /// Whether the last event contained bytes of `message` or `control`, which may be released now.
  private var lendsMessage = false
  private var lendsControl = false

  /// After a close or a violation.
  private var isOver = false

  package init(role: WebSocketRole, limits: FrameLimits = FrameLimits()) {
    self.role = role
    self.limits = limits
  }

  /// The bytes stored for an incomplete frame or message, without those of the current chunk.
  package var bufferedBytes: Int { kept.count + message.count + control.count }

  /// The memory allocated for them.
  package var allocatedBytes: Int { message.capacity + control.capacity }

  /// Whether the chunk has bytes that are not read yet.
  package var hasMore: Bool { available > 0 }

  /// Whether a message or frame has begun and is not complete.
  package var isInsideMessage: Bool { isInMessage || isInPayload || !kept.isEmpty }

  /// Removes and returns the unread bytes of the chunk: the caller appends them again later, before those of the next read.
  package mutating func takeRest() -> UnsafeMutableRawBufferPointer {
    let rest = UnsafeMutableRawBufferPointer(start: cursor, count: available)
    available = 0
    return rest
  }

  /// Takes one read. The bytes are changed in place and must stay valid until `next` has returned nil or `takeRest` was called.
  package mutating func append(_ chunk: UnsafeMutableRawBufferPointer) {
    precondition(available == 0, "the previous chunk was not read to its end")
    guard !isOver else { return }
    cursor = chunk.baseAddress
    available = chunk.count
  }

  /// As `append`, without the first bytes, which belonged to the handshake.
  package mutating func append(_ chunk: UnsafeMutableRawBufferPointer, droppingFirst count: Int) {
    append(UnsafeMutableRawBufferPointer(rebasing: chunk[count...]))
  }

  /// The next message or control frame; nil when all bytes are read or stored, and always after the end.
  package mutating func next() -> FrameEvent? {
    if lendsMessage || lendsControl { takeBack() }
    while available > 0, let cursor {
      if isInPayload {
        if let event = readPayload(at: cursor) { return event }
        continue
      }
      let size: Int
      if kept.isEmpty {
        switch frame.read(UnsafeRawPointer(cursor), count: available, role: role) {
        case .complete(let bytes): size = bytes
        case .incomplete:
          kept.append(UnsafeRawPointer(cursor), count: available)
          available = 0
          return nil
        case .violation(let violation): return fail(violation)
        }
      } else {
        switch readCutHeader(at: cursor) {
        case .complete(let bytes): size = bytes
        case .incomplete: return nil
        case .violation(let violation): return fail(violation)
        }
      }
      if let violation = check() { return fail(violation) }
      advance(size)
      if isAboveLimit {
        isSkipping = true
        if message.count > 0 {
          // The stored bytes of the header come first; the frame's payload is read next.
          beginPayload()
          lendsMessage = true
          return .skipped(message.view, isLast: missing == 0 && endSkippedFrame())
        }
      }
      if frame.isFinal, !isInMessage || frame.opcode.isControl, !isSkipping, available >= frame.payload {
        return readWholeFrame(at: cursor + size)
      }
      beginPayload()
      if missing == 0, let event = endFrame() { return event }
    }
    return nil
  }

  @inline(__always)
  private mutating func advance(_ bytes: Int) {
    cursor = cursor.map { $0 + bytes }
    available &-= bytes
  }

  /// Completes a header that is split over reads; the size is the number of bytes that it takes from this chunk.
  private mutating func readCutHeader(at cursor: UnsafeMutableRawPointer) -> FrameHeader.Outcome {
    let before = kept.count
    kept.append(UnsafeRawPointer(cursor), count: available)
    let prefix = kept
    let outcome = prefix.withBytes { frame.read($0, count: $1, role: role) }
    switch outcome {
    case .complete(let size):
      kept.removeAll()
      return .complete(size - before)
    case .incomplete: available = 0
    case .violation: break
    }
    return outcome
  }

  /// Checks the header against the state of the message and the limits.
  @inline(__always)
  private func check() -> FrameViolation? {
    if frame.opcode.isControl { return nil }
    if isInMessage {
      guard frame.opcode == .continuation else {
        return .protocolError("a new message began within a fragmented one")
      }
    } else if frame.opcode == .continuation {
      return .protocolError("a continuation frame without a message")
    }
    if limits.skipsLargeMessages, frame.payload <= FrameLimits.largestSkippedFrame { return nil }
    if frame.payload > limits.maxFrameBytes {
      return .frameTooLarge(UInt64(frame.payload), limit: limits.maxFrameBytes)
    }
    // `message.count` is 0 outside a message.
    if frame.payload > limits.maxMessageBytes &- message.count {
      return .messageTooLarge(
        frame.payload.addingReportingOverflow(message.count).partialValue, limit: limits.maxMessageBytes)
    }
    return nil
  }

  /// Whether the message becomes one that is skipped with this frame.
  @inline(__always)
  private var isAboveLimit: Bool {
    guard limits.skipsLargeMessages, !isSkipping, !frame.opcode.isControl else { return false }
    return frame.payload > limits.maxFrameBytes || frame.payload > limits.maxMessageBytes &- message.count
  }

  /// The usual case: the frame is complete, and nothing is copied.
  @inline(__always)
  private mutating func readWholeFrame(at payload: UnsafeMutableRawPointer) -> FrameEvent {
    let count = frame.payload
    advance(count)
    let view = ByteView(UnsafeRawPointer(payload), count: count)
    switch frame.opcode {
    case .text:
      let isASCII =
        role == .server
        ? Masking.apply(frame.maskKey, to: payload, count: count)
        : Masking.isASCII(UnsafeRawPointer(payload), count: count)
      if !isASCII, !UTF8Validator.isValid(view.unsafeBytes) { return fail(.textIsNotUTF8) }
      return .text(view)
    case .binary:
      if role == .server { Masking.apply(frame.maskKey, to: payload, count: count) }
      return .binary(view)
    default:
      if role == .server { Masking.apply(frame.maskKey, to: payload, count: count) }
      return controlEvent(view)
    }
  }

  /// Begins a frame that is a fragment, or that is not complete in this chunk.
  private mutating func beginPayload() {
    isInPayload = true
    missing = frame.payload
    if frame.opcode == .text || frame.opcode == .binary {
      isInMessage = true
      isText = frame.opcode == .text
    }
  }

  /// Reads the part of the frame's payload that is in the chunk.
  private mutating func readPayload(at cursor: UnsafeMutableRawPointer) -> FrameEvent? {
    let count = min(missing, available)
    advance(count)
    missing -= count
    var isASCII = false
    if role == .server {
      isASCII = Masking.apply(frame.maskKey, to: cursor, count: count)
      frame.maskKey = Masking.rotate(frame.maskKey, by: count)
    }
    if frame.opcode.isControl {
      control.append(UnsafeRawPointer(cursor), count: count, of: frame.payload)
    } else if isSkipping {
      return .skipped(ByteView(UnsafeRawPointer(cursor), count: count), isLast: missing == 0 && endSkippedFrame())
    } else {
      if isText, !(isASCII && utf8.isComplete),
        !utf8.accept(UnsafeRawBufferPointer(start: cursor, count: count))
      {
        return fail(.textIsNotUTF8)
      }
      // More fragments may follow one that is not final: use the size of the largest message.
      let total = frame.isFinal ? message.count + count + missing : limits.maxMessageBytes
      message.append(UnsafeRawPointer(cursor), count: count, of: total)
    }
    return missing == 0 ? endFrame() : nil
  }

  /// The frame is complete: returns an event, unless more fragments follow.
  private mutating func endFrame() -> FrameEvent? {
    isInPayload = false
    if frame.opcode.isControl {
      lendsControl = true
      return controlEvent(control.view)
    }
    if isSkipping { return endSkippedFrame() ? .skipped(.empty, isLast: true) : nil }
    guard frame.isFinal else { return nil }
    isInMessage = false
    guard !isText || utf8.isComplete else { return fail(.textIsNotUTF8) }
    lendsMessage = true
    return isText ? .text(message.view) : .binary(message.view)
  }

  /// A frame of a skipped message is complete; returns `true` if it was the last one.
  private mutating func endSkippedFrame() -> Bool {
    isInPayload = false
    guard frame.isFinal else { return false }
    isInMessage = false
    isSkipping = false
    utf8 = UTF8Validator()
    return true
  }

  private mutating func controlEvent(_ payload: ByteView) -> FrameEvent {
    switch frame.opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong(payload)
    default: return closeEvent(payload)
    }
  }

  private mutating func closeEvent(_ payload: ByteView) -> FrameEvent {
    if payload.isEmpty { return end(.close(CloseReason(code: nil))) }
    guard payload.count >= 2 else { return fail(.protocolError("a Close payload of one byte")) }
    let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
    guard CloseReason.isAllowed(code) else { return fail(.closeCode(code)) }
    let reason = payload.dropFirst(2)
    guard UTF8Validator.isValid(reason.unsafeBytes) else { return fail(.reasonIsNotUTF8) }
    return end(.close(CloseReason(code: code, reason: reason.string)))
  }

  private mutating func fail(_ violation: FrameViolation) -> FrameEvent { end(.violation(violation)) }

  /// Returns the last event; unread bytes of the chunk and stored bytes are dropped.
  private mutating func end(_ event: FrameEvent) -> FrameEvent {
    isOver = true
    available = 0
    kept.removeAll()
    message = MessageBuffer()
    control = MessageBuffer()
    lendsMessage = false
    lendsControl = false
    return event
  }

  /// Ends the views of the last event.
  private mutating func takeBack() {
    if lendsMessage { message.reset() }
    if lendsControl { control.reset() }
    lendsMessage = false
    lendsControl = false
  }
}
