import III
import TestSupport
import Testing

@Suite struct UTF8ValidatorTests {
  /// The standard library's result.
  private func expected(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

  private func isValid(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { UTF8Validator.isValid($0) } }

  /// Checks the bytes one by one, and that an error is found at the earliest byte.
  private func check(_ bytes: [UInt8]) {
    let valid = expected(bytes)
    if isValid(bytes) != valid { Issue.record("\(bytes) as a whole") }
    var validator = UTF8Validator()
    for (index, byte) in bytes.enumerated() {
      let accepted = withUnsafeBytes(of: byte) { validator.accept($0) }
      let canGoOn = ReferenceReader.canBecomeText(Array(bytes[...index]))
      if accepted != canGoOn { Issue.record("\(bytes) at byte \(index)") }
      guard accepted else { return }
    }
    if validator.isComplete != valid { Issue.record("\(bytes) at its end") }
  }

  @Test func allSequencesOfTwoBytes() {
    for first in 0x7E...0xFF as ClosedRange<UInt8> {
      check([first])
      for second in [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] as [UInt8] {
        check([first, second])
      }
    }
  }

  @Test func boundariesOfLongerSequences() {
    let edges: [UInt8] = [0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
    for first in [0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5] as [UInt8] {
      for second in edges {
        for third in edges {
          check([first, second, third])
          check([first, second, third, 0x80])
          check([first, second, third, 0xC0])
        }
      }
    }
  }

  @Test func wrongBytesAtEveryPlaceOfALongText() {
    let text = Array(String(repeating: "ascii é € 😀 ", count: 4).utf8)
    for at in text.indices {
      for byte in [0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF] as [UInt8] {
        var broken = text
        broken[at] = byte
        if isValid(broken) != expected(broken) { Issue.record("\(byte) at \(at)") }
      }
      let prefix = Array(text[..<at])
      if isValid(prefix) != expected(prefix) { Issue.record("prefix of \(at)") }
    }
  }

  @Test func piecesOfRandomSizes() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      var bytes = Array(String(repeating: "zwölf € 日本 😀!", count: 1 + generator.below(3)).utf8)
      if generator.oneIn(2) { bytes[generator.below(bytes.count)] = UInt8(generator.below(256)) }
      var validator = UTF8Validator()
      var rest = bytes[...]
      var accepted = true
      while accepted, !rest.isEmpty {
        let piece = Array(rest.prefix(1 + generator.below(20)))
        rest = rest.dropFirst(piece.count)
        accepted = piece.withUnsafeBytes { validator.accept($0) }
      }
      #expect((accepted && validator.isComplete) == expected(bytes))
    }
  }
}
