import Fuzzing
import III
import TestSupport
import Testing

/// A short run of what `Scripts/fuzz` does a million times.
@Suite struct FuzzTests {
  @Test("The frame reader loses nothing and survives broken frames", arguments: [WebSocketRole.server, .client])
  func codec(role: WebSocketRole) throws {
    var target = CodecTarget(role: role, corpus: try Corpus.load(), random: SeededGenerator(seed: 1))
    while target.frames < 5_000 { try target.runConnection() }
    #expect(target.messages > 2_500)
  }

  @Test("What is read of HTTP requests does not depend on the pieces in which they come, and sound ones are found")
  func http() throws {
    var target = HTTPTarget(random: SeededGenerator(seed: 5))
    while target.requests < 5_000 { try target.runConnection() }
    #expect(target.found > 3_000)
  }

  @Test("Stream sockets under mutated messages answer every sound join")
  func streams() async throws {
    let target = try await StreamTarget.start(corpus: try Corpus.load(), random: SeededGenerator(seed: 6))
    var count = 0
    while count < 2_000 { count += try await target.runVisit() }
    await target.shutDown()
  }

  @Test("Ends of channels end, and get what was written in order, whatever the other end or the engine sends")
  func channels() async throws {
    let target = try await ChannelTarget.start(corpus: try Corpus.load(), random: SeededGenerator(seed: 7))
    while await target.messages < 5_000 { try await target.runVisit() }
    try await target.shutDown()
  }

  @Test("An engine under mutated frames ends every call once")
  func engine() async throws {
    let target = try await EngineTarget.start(corpus: try Corpus.load(), random: SeededGenerator(seed: 2))
    while await target.counts.frames < 20_000 { try await target.runVisit() }
    let counts = await target.counts
    #expect(counts.ended + counts.lost == counts.started)
    #expect(counts.ended > 1_000)
    try await target.shutDown()
  }

  @Test("A worker at an engine that sends mutated frames answers every sound call once, and its own calls end")
  func client() async throws {
    let target = try await ClientTarget.start(corpus: try Corpus.load(), random: SeededGenerator(seed: 3))
    while await target.counts.frames < 20_000 { try await target.runVisit() }
    let counts = await target.counts
    #expect(counts.ended + counts.lost == counts.started)
    #expect(counts.ended > 1_000)
    try await target.shutDown()
  }

  @Test("under random cuts no call runs twice, and every call that succeeds has run once", arguments: [false, true])
  func cuts(isSecure: Bool) async throws {
    let counts = try await CutTarget.run(calls: 3_000, isSecure: isSecure, random: SeededGenerator(seed: 4))
    #expect(counts.calls == 3_000)
    #expect(counts.succeeded > 300)
    #expect(counts.cuts > 10)
  }
}
