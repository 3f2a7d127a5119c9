import Testing

@testable import III

@Suite struct UUID128Tests {
  static let digits = "0123456789abcdef0123456789abcdef"
  static let canonical = "01234567-89ab-cdef-0123-456789abcdef"

  @Test(arguments: [
    canonical, digits, "{\(canonical)}", "urn:uuid:\(canonical)", canonical.uppercased(), digits.uppercased(),
    "{\(canonical.uppercased())}", "urn:uuid:\(canonical.uppercased())",
  ])
  func takesEveryForm(text: String) throws {
    let id = try #require(UUID128(text))
    #expect(id.high == 0x0123_4567_89AB_CDEF)
    #expect(id.low == 0x0123_4567_89AB_CDEF)
    #expect(id.description == Self.canonical)
  }

  @Test(arguments: [
    "", " ", "not-an-id", " \(canonical)", "\(canonical) ", "\(canonical)0", String(canonical.dropLast()),
    "URN:UUID:\(canonical)", "urn:uuid:\(digits)", "{\(canonical)", "\(canonical)}", "{\(digits)}",
    "(\(canonical))", "01234567_89ab_cdef_0123_456789abcdef", "01234567-89abc-def-0123-456789abcdef",
    "01234567-89ab-cdef-0123-456789abcdeg", "0123456789abcdef0123456789abcde/", "0123456789abcdef0123456789abcde:",
    "0123456789abcdef0123456789abcde@", "0123456789abcdef0123456789abcdeG", "0123456789abcdef0123456789abcde`",
    "0123456789abcdef0123456789abcd\u{10}0", "0123456789abcdef0123456789abcdé", "--------------------------------",
  ])
  func refusesOtherText(text: String) { #expect(UUID128(text) == nil) }

  @Test func nilIsOneToo() throws {
    let id = try #require(UUID128("00000000-0000-0000-0000-000000000000"))
    #expect(id == UUID128(high: 0, low: 0))
    #expect(id.description == "00000000-0000-0000-0000-000000000000")
  }

  @Test func randomOnesAreVersion4AndDistinct() {
    var seen: Set<UUID128> = []
    for _ in 0..<10_000 {
      let id = UUID128.random()
      #expect(id.high >> 12 & 0xF == 4)
      #expect(id.low >> 62 == 0b10)
      #expect(UUID128(id.description) == id)
      seen.insert(id)
    }
    #expect(seen.count == 10_000)
  }

  @Test func manyThreadsGetDistinctOnes() async {
    let all = await withTaskGroup(of: [UUID128].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1000).map { _ in UUID128.random() } } }
      return await group.reduce(into: Set<UUID128>()) { $0.formUnion($1) }
    }
    #expect(all.count == 8000)
  }

  @Test func writesWhatItDescribes() {
    var generator = UUIDGenerator()
    for _ in 0..<500 {
      let id = generator.next()
      var bytes = [UInt8](repeating: 0, count: UUID128.textCount)
      bytes.withUnsafeMutableBytes { memory in ByteWriter.fill(memory) { id.write(into: &$0) } }
      #expect(String(decoding: bytes, as: UTF8.self) == id.description)
    }
  }
}
