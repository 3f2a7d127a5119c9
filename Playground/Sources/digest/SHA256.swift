/// SHA-256 (FIPS 180-4) of bytes that come in parts.
struct SHA256 {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var rest: [UInt8] = []
  private var count: UInt64 = 0

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    let primes = (2...311).filter { n in !(2..<n).contains { n % $0 == 0 } }
    return primes.map { prime in
      // The cube root times 2^32, found bit by bit in whole numbers.
      var root: UInt64 = 0
      for bit in (0..<36).reversed() {
        let wanted = root | 1 << UInt64(bit)
        if isCube(wanted, atMost: UInt64(prime)) { root = wanted }
      }
      return UInt32(truncatingIfNeeded: root)
    }
  }()

  /// Whether `root`³ ≤ `number` · 2^96.
  private static func isCube(_ root: UInt64, atMost number: UInt64) -> Bool {
    let square = root.multipliedFullWidth(by: root)
    let low = square.low.multipliedFullWidth(by: root)
    let high = square.high.multipliedFullWidth(by: root)
    let (middle, carry) = high.low.addingReportingOverflow(low.high)
    let top = high.high + (carry ? 1 : 0)
    return top == 0 && (middle < number << 32 || (middle == number << 32 && low.low == 0))
  }

  mutating func update(_ bytes: [UInt8]) {
    count += UInt64(bytes.count)
    rest += bytes
    let whole = rest.count / 64 * 64
    for start in stride(from: 0, to: whole, by: 64) { process(rest[start..<start + 64]) }
    rest.removeFirst(whole)
  }

  /// The digest, in hexadecimal digits.
  mutating func hexDigest() -> String {
    let bits = count * 8
    let padding = [0x80] + [UInt8](repeating: 0, count: (119 - rest.count) % 64)
    update(padding + (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) })
    return state.map { word in
      String(repeating: "0", count: word.leadingZeroBitCount / 4) + (word == 0 ? "" : String(word, radix: 16))
    }.joined()
  }

  private mutating func process(_ block: ArraySlice<UInt8>) {
    var words = [UInt32](repeating: 0, count: 64)
    for (index, byte) in block.enumerated() { words[index / 4] |= UInt32(byte) << UInt32(24 - index % 4 * 8) }
    func rotated(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }
    for index in 16..<64 {
      let (a, b) = (words[index - 15], words[index - 2])
      let s0 = rotated(a, 7) ^ rotated(a, 18) ^ a >> 3
      let s1 = rotated(b, 17) ^ rotated(b, 19) ^ b >> 10
      words[index] = words[index - 16] &+ s0 &+ words[index - 7] &+ s1
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let first = h &+ s1 &+ (e & f ^ ~e & g) &+ Self.constants[index] &+ words[index]
      let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ (a & b ^ a & c ^ b & c)
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
  }
}
