import III
import Testing

/// The events do not depend on how reads split the stream.
@Suite struct FrameSplitTests {
  @Test(arguments: [WebSocketRole.server, .client], 1...4 as ClosedRange<UInt64>)
  func everyCutGivesTheSameEvents(role: WebSocketRole, seed: UInt64) {
    var stream = FrameStream(seed: seed, to: role)
    let bytes = stream.valid(messages: 6)
    let whole = read(bytes, as: role)
    #expect(whole == ReferenceReader.read(bytes, as: role, limits: FrameLimits()))
    #expect(whole.count >= 6)
    for cut in 0...bytes.count where read(bytes, as: role, cuts: [cut]) != whole {
      Issue.record("cut before byte \(cut)")
    }
    #expect(read(bytes, as: role, cuts: Array(0...bytes.count)) == whole)
    for _ in 0..<200 {
      let cuts = stream.cuts(5, of: bytes.count)
      if read(bytes, as: role, cuts: cuts) != whole { Issue.record("cut before bytes \(cuts)") }
    }
  }

  @Test("bytes that are taken out after each event and appended again give the same events", arguments: 1...20)
  func restAppendedAgain(seed: UInt64) {
    var stream = FrameStream(seed: seed, to: .server)
    let bytes = stream.valid(messages: 6)
    var reader = FrameReader(role: .server)
    var events: [OwnedEvent] = []
    var rest = bytes
    while true {
      var left: [UInt8] = []
      let event = rest.withUnsafeMutableBytes { memory in
        reader.append(memory)
        let event = reader.next().map { OwnedEvent($0) }
        let hasMore = reader.hasMore
        left = Array(reader.takeRest())
        #expect(hasMore != left.isEmpty)
        return event
      }
      guard let event else { break }
      events.append(event)
      rest = left
    }
    #expect(events == read(bytes))
    let isInsideMessage = reader.isInsideMessage
    #expect(!isInsideMessage)
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>) func everyCutOfABrokenStreamGivesTheSameEvents(seed: UInt64) {
    var stream = FrameStream(seed: seed, to: .server)
    let bytes = stream.broken(stream.valid(messages: 2, maxPayload: 60))
    let whole = read(bytes)
    for cut in 0...bytes.count where read(bytes, cuts: [cut]) != whole { Issue.record("cut before byte \(cut)") }
    #expect(read(bytes, cuts: Array(0...bytes.count)) == whole)
  }

  @Test(arguments: [WebSocketRole.server, .client]) func agreesWithTheReferenceOnBrokenStreams(role: WebSocketRole) {
    let limits = FrameLimits(maxFrameBytes: 150, maxMessageBytes: 180)
    var ends: [UInt16: Int] = [:]
    for seed in 0..<4000 as Range<UInt64> {
      var stream = FrameStream(seed: seed, to: role)
      var bytes = stream.valid(messages: 3, maxPayload: 160)
      if seed % 4 != 0 { bytes = stream.broken(bytes) }
      let expected = ReferenceReader.read(bytes, as: role, limits: limits)
      let events = read(bytes, as: role, limits: limits, cuts: stream.cuts(Int(seed % 4), of: bytes.count))
      if events.map(\.withoutWords) != expected { Issue.record("seed \(seed): \(events) instead of \(expected)") }
      if let code = events.last?.closeCode { ends[code, default: 0] += 1 }
    }
    // The streams must have all kinds of violations, or the test would check little.
    for code in [1002, 1007, 1009] as [UInt16] { #expect(ends[code, default: 0] > 50, "\(code)") }
  }
}
