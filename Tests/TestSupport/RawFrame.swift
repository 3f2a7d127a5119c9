/// A WebSocket frame as it stands on the wire, sound or not: tests write and see what a codec would hide.
package struct RawFrame: Sendable, Equatable {
  package var opcode: UInt8
  package var payload: [UInt8]
  package var isFinal: Bool
  /// The three reserved bits, as the low bits of a number.
  package var reserved: UInt8
  package var isMasked: Bool

  package init(
    opcode: UInt8, payload: [UInt8], isFinal: Bool = true, reserved: UInt8 = 0, isMasked: Bool = true
  ) {
    self.opcode = opcode
    self.payload = payload
    self.isFinal = isFinal
    self.reserved = reserved
    self.isMasked = isMasked
  }

  package static func text(_ text: String) -> RawFrame { RawFrame(opcode: 1, payload: Array(text.utf8)) }
  package static func binary(_ bytes: [UInt8]) -> RawFrame { RawFrame(opcode: 2, payload: bytes) }
  package static func ping(_ bytes: [UInt8] = []) -> RawFrame { RawFrame(opcode: 9, payload: bytes) }
  package static func pong(_ bytes: [UInt8] = []) -> RawFrame { RawFrame(opcode: 10, payload: bytes) }

  /// A close frame; without a code it has no payload.
  package static func close(_ code: UInt16?, reason: String = "") -> RawFrame {
    let head = code.map { [UInt8($0 >> 8), UInt8($0 & 0xff)] } ?? []
    return RawFrame(opcode: 8, payload: head + Array(reason.utf8))
  }

  package var isText: Bool { opcode == 1 }
  package var isClose: Bool { opcode == 8 }
  package var isPing: Bool { opcode == 9 }
  package var isPong: Bool { opcode == 10 }

  /// The payload as text, whatever the opcode says.
  package var text: String { String(decoding: payload, as: UTF8.self) }

  /// The code of a close frame that has one.
  package var closeCode: UInt16? {
    isClose && payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
  }

  /// The frame's bytes; a masked one is masked with `key`.
  package func encoded(maskKey key: [UInt8] = [0x12, 0x34, 0x56, 0x78]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + 14)
    bytes.append((isFinal ? 0x80 : 0) | reserved << 4 | opcode)
    let mask: UInt8 = isMasked ? 0x80 : 0
    switch payload.count {
    case ..<126: bytes.append(mask | UInt8(payload.count))
    case ..<65_536:
      bytes.append(mask | 126)
      bytes += [UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
    default:
      bytes.append(mask | 127)
      for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(payload.count >> shift & 0xff)) }
    }
    guard isMasked else { return bytes + payload }
    bytes += key
    let start = bytes.count
    bytes += payload
    bytes.withUnsafeMutableBufferPointer { all in
      for index in start..<all.count { all[index] ^= key[(index - start) & 3] }
    }
    return bytes
  }
}

extension RawFrame: CustomStringConvertible {
  package var description: String {
    switch opcode {
    case 1: return text
    case 2: return payload.count > 64 ? "binary of \(payload.count) bytes" : "binary \(payload)"
    case 8:
      return
        "close \(closeCode.map(String.init) ?? "without a code") \(payload.dropFirst(2).isEmpty ? "" : String(decoding: payload.dropFirst(2), as: UTF8.self))"
    case 9: return "ping \(payload)"
    case 10: return "pong \(payload)"
    default: return "opcode \(opcode), \(payload.count) bytes"
    }
  }
}
