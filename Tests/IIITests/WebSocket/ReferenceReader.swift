import III

/// A simple implementation of RFC 6455 over complete bytes, with which `FrameReader` is compared.
struct ReferenceReader {
  let role: WebSocketRole
  let limits: FrameLimits
  private var events: [OwnedEvent] = []
  private var message: [UInt8] = []
  private var messageOpcode: UInt8?

  static func read(_ bytes: [UInt8], as role: WebSocketRole, limits: FrameLimits) -> [OwnedEvent] {
    var reader = ReferenceReader(role: role, limits: limits)
    reader.run(bytes)
    return reader.events
  }

  private init(role: WebSocketRole, limits: FrameLimits) {
    self.role = role
    self.limits = limits
  }

  private mutating func run(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while events.last?.isEnd != true, let used = step(Array(rest)) { rest = rest.dropFirst(used) }
  }

  private mutating func fail(_ code: UInt16) -> Int? {
    events.append(.violation(FrameViolation(closeCode: code, text: "")))
    return nil
  }

  /// Reads one frame; nil if it is incomplete or ends the connection.
  private mutating func step(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 2 else { return nil }
    let opcode = bytes[0] & 15
    let isFinal = bytes[0] >= 128
    if bytes[0] & 0x70 != 0 || ![0, 1, 2, 8, 9, 10].contains(opcode) { return fail(1002) }
    if opcode >= 8, !isFinal || bytes[1] & 127 > 125 { return fail(1002) }
    if (bytes[1] >= 128) != (role == .server) { return fail(1002) }

    var at = 2
    var length = UInt64(bytes[1] & 127)
    if length >= 126 {
      at = length == 126 ? 4 : 10
      guard bytes.count >= at else { return nil }
      length = bytes[2..<at].reduce(0) { $0 << 8 | UInt64($1) }
    }
    if length > UInt64(Int64.max) { return fail(1002) }
    var mask: [UInt8] = [0, 0, 0, 0]
    if role == .server {
      guard bytes.count >= at + 4 else { return nil }
      mask = Array(bytes[at..<at + 4])
      at += 4
    }
    if opcode < 8 {
      if (opcode == 0) != (messageOpcode != nil) { return fail(1002) }
      if length > UInt64(limits.maxFrameBytes) { return fail(1009) }
      if length > UInt64(limits.maxMessageBytes - message.count) { return fail(1009) }
    }
    let isWhole = UInt64(bytes.count - at) >= length
    let end = isWhole ? at + Int(length) : bytes.count
    let payload = bytes[at..<end].enumerated().map { $1 ^ mask[$0 % 4] }
    if opcode >= 8 {
      guard isWhole else { return nil }
      return control(opcode, payload) ? end : nil
    }
    return data(opcode, payload, isWhole: isWhole, isFinal: isFinal) ? end : nil
  }

  private mutating func data(_ opcode: UInt8, _ payload: [UInt8], isWhole: Bool, isFinal: Bool) -> Bool {
    let kind = messageOpcode ?? opcode
    messageOpcode = kind
    message += payload
    if kind == 1, !Self.canBecomeText(message) {
      _ = fail(1007)
      return false
    }
    guard isWhole else { return false }
    if isFinal {
      if kind == 2 {
        events.append(.binary(message))
      } else if let text = String(validating: message, as: UTF8.self) {
        events.append(.text(text))
      } else {
        _ = fail(1007)
      }
      message = []
      messageOpcode = nil
    }
    return true
  }

  private mutating func control(_ opcode: UInt8, _ payload: [UInt8]) -> Bool {
    if opcode == 9 { events.append(.ping(payload)) }
    if opcode == 10 { events.append(.pong(payload)) }
    guard opcode == 8 else { return true }
    if payload.isEmpty {
      events.append(.close(CloseReason(code: nil)))
    } else if payload.count == 1 {
      _ = fail(1002)
    } else {
      let code = UInt16(payload[0]) * 256 + UInt16(payload[1])
      let forbidden = code < 1000 || [1004, 1005, 1006].contains(code) || (1015...2999).contains(code) || code > 4999
      if forbidden {
        _ = fail(1002)
      } else if let reason = String(validating: payload[2...], as: UTF8.self) {
        events.append(.close(CloseReason(code: code, reason: reason)))
      } else {
        _ = fail(1007)
      }
    }
    return true
  }

  /// Whether some continuation makes the bytes valid: tried with every kind of continuation in UTF-8.
  static func canBecomeText(_ bytes: [UInt8]) -> Bool {
    let endings: [[UInt8]] = [
      [], [0x80], [0x80, 0x80], [0x80, 0x80, 0x80], [0xA0, 0x80], [0x90, 0x80, 0x80],
    ]
    return endings.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
  }
}

extension OwnedEvent {
  /// Whether all later bytes are ignored.
  var isEnd: Bool {
    switch self {
    case .close, .violation: true
    default: false
    }
  }

  /// The event without the violation's text, which the reference does not have.
  var withoutWords: OwnedEvent {
    if case .violation(let violation) = self {
      .violation(FrameViolation(closeCode: violation.closeCode, text: ""))
    } else {
      self
    }
  }
}
