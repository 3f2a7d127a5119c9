import III
import Testing

@Suite struct FrameEncoderTests {
  private let key: [UInt8] = [0x12, 0xFE, 0x00, 0x80]

  private var maskKey: UInt32 { key.withUnsafeBytes { $0.load(as: UInt32.self) } }

  private static let sizes = [0, 1, 125, 126, 127, 65535, 65536, 65537]

  @Test(arguments: sizes) func writesWholeFrames(count: Int) {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for opcode in [Opcode.text, .binary, .continuation, .ping] {
      for fin in [true, false] {
        let plain = payload.withView { FrameEncoder.frame(opcode, $0, fin: fin, maskKey: nil) }
        #expect(plain == WireFrame(opcode.rawValue, payload, fin: fin, mask: nil).bytes)
        #expect(plain.count == FrameEncoder.size(payload: count, role: .server))
        let masked = payload.withView { FrameEncoder.frame(opcode, $0, fin: fin, maskKey: maskKey) }
        #expect(masked == WireFrame(opcode.rawValue, payload, fin: fin, mask: key).bytes)
        #expect(masked.count == FrameEncoder.size(payload: count, role: .client))
      }
    }
  }

  @Test(arguments: sizes) func fillsThePayloadInPlace(count: Int) {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    let masked = FrameEncoder.frame(.text, payload: count, maskKey: maskKey) { $0.append(payload) }
    #expect(masked == WireFrame(1, payload, mask: key).bytes)
    let plain = FrameEncoder.frame(.text, payload: count, maskKey: nil) { $0.append(payload) }
    #expect(plain == WireFrame(1, payload, mask: nil).bytes)
  }

  @Test func sendsASmallMessageInOneFrame() {
    var keys = RandomSource()
    let payload = [UInt8](repeating: 0x61, count: 100)
    let bytes = payload.withView {
      FrameEncoder.clientMessage(.text, $0, keys: &keys, largestFrame: 100, fragmentBytes: 30)
    }
    #expect(bytes.count == FrameEncoder.size(payload: 100, role: .client))
    #expect(bytes.first == 0x81)
    #expect(read(bytes) == [.text(String(repeating: "a", count: 100))])
  }

  @Test(arguments: [101, 119, 120, 121, 150]) func sendsALargeMessageInFragments(count: Int) {
    var keys = RandomSource()
    let text = String(repeating: "ab€", count: 40).utf8.prefix(count)
    let payload = Array(String(decoding: text, as: UTF8.self).utf8.prefix(count))
    let bytes = payload.withView {
      FrameEncoder.clientMessage(.binary, $0, keys: &keys, largestFrame: 100, fragmentBytes: 30)
    }
    #expect(read(bytes) == [.binary(payload)])
    #expect(read(bytes, limits: FrameLimits(maxFrameBytes: 30, maxMessageBytes: count)) == [.binary(payload)])
    // All fragments except the last are full, only the first has the opcode, and each has its own mask.
    let firstBytes = stride(from: 0, to: bytes.count, by: FrameEncoder.size(payload: 30, role: .client)).map {
      bytes[$0]
    }
    #expect(firstBytes == [0x02] + [UInt8](repeating: 0x00, count: (payload.count - 1) / 30 - 1) + [0x80])
    let secondMask = FrameEncoder.size(payload: 30, role: .client) + 2
    #expect(bytes[2..<6] != bytes[secondMask..<secondMask + 4])
  }

  @Test func fragmentsAboveSixteenMebibytes() {
    var keys = RandomSource()
    let limit = 16 << 20
    let payload = [UInt8](repeating: 0x61, count: limit + 1)
    let whole = payload.withView { FrameEncoder.clientMessage(.text, $0.prefix(limit), keys: &keys) }
    #expect(whole.count == FrameEncoder.size(payload: limit, role: .client))
    let fragments = payload.withView { FrameEncoder.clientMessage(.text, $0, keys: &keys) }
    #expect(
      fragments.count == 16 * FrameEncoder.size(payload: 1 << 20, role: .client)
        + FrameEncoder.size(payload: 1, role: .client))
    for (bytes, count) in [(whole, limit), (fragments, limit + 1)] {
      let events = read(bytes, cuts: [5, 100_000, 3_000_000])
      guard case .text(let text)? = events.first, events.count == 1 else {
        Issue.record("\(events.count) events")
        continue
      }
      #expect(text.utf8.count == count)
    }
  }

  @Test func closes() {
    #expect(FrameEncoder.close(nil, maskKey: nil) == [0x88, 0])
    #expect(FrameEncoder.close(1000, maskKey: nil) == [0x88, 2, 0x03, 0xE8])
    #expect(
      read(FrameEncoder.close(1012, reason: "bye €", maskKey: maskKey)) == [
        .close(CloseReason(code: 1012, reason: "bye €"))
      ])
  }

  @Test func cutsALongReasonBetweenCharacters() {
    for padding in 115...125 {
      for character in ["a", "é", "€", "😀"] {
        let reason = String(repeating: "x", count: padding) + character + "tail"
        let frame = FrameEncoder.close(4000, reason: reason, maskKey: maskKey)
        guard case .close(let close)? = read(frame).first else {
          Issue.record("no close after \(padding) and \(character)")
          continue
        }
        var expected = reason
        while expected.utf8.count > 123 { expected.unicodeScalars.removeLast() }
        #expect(close == CloseReason(code: 4000, reason: expected))
      }
    }
  }
}
