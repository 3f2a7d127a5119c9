import Foundation
import Fuzzing
import III
import TestSupport

/// `fuzz [--seed N] [--frames N] [--calls N] [--only TARGET,…]`: mutated frames against the frame paths of engine and client, and
/// calls of a worker whose connection is cut and paused at random.
///
/// A seed makes the same frames again, whatever targets there are. Ends with 1 when something happened that must not.
@main
enum Fuzz {
  static func main() async {
    let seed = number("--seed") ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let frames = Int(number("--frames") ?? 1_000_000)
    let calls = Int(number("--calls") ?? 300_000)
    say("seed \(seed), \(frames) mutated frames for each target, \(calls) calls under cuts")
    do {
      let corpus = try Corpus.load()
      let wanted = try targets()
      var random = SeededGenerator(seed: seed)
      // Each target has its own numbers, so that one alone does what it does among all.
      let parts = Target.allCases.map { ($0, random.split()) }
      for (target, part) in parts where wanted.contains(target) {
        switch target {
        case .cuts: try await cuts(calls, part)
        case .codec: for role in [WebSocketRole.server, .client] { try codec(role, frames, corpus, part) }
        case .http: try http(frames, part)
        case .streams: try await streams(frames, corpus, part)
        case .channels: try await channels(frames, corpus, part)
        case .engine: try await engine(frames, corpus, part)
        case .client: try await client(frames, corpus, part)
        }
      }
    } catch {
      say("FAILED with seed \(seed): \(error)")
      exit(1)
    }
  }

  private enum Target: String, CaseIterable {
    case cuts, codec, http, streams, channels, engine, client
  }

  private static func targets() throws(FuzzFailure) -> [Target] {
    guard let names = word("--only") else { return Target.allCases }
    var targets: [Target] = []
    for name in names.split(separator: ",") {
      guard let target = Target(rawValue: String(name)) else {
        throw FuzzFailure("there is no target '\(name)'; there are \(Target.allCases.map(\.rawValue))")
      }
      targets.append(target)
    }
    return targets
  }

  private static func word(_ name: String) -> String? {
    let words = CommandLine.arguments
    guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
    return words[index + 1]
  }

  private static func number(_ name: String) -> UInt64? { word(name).flatMap { UInt64($0) } }

  private static func cuts(_ calls: Int, _ random: SeededGenerator) async throws {
    var random = random
    for isSecure in [false, true] {
      let counts = try await CutTarget.run(calls: calls / 2, isSecure: isSecure, random: random.split())
      say("calls over \(isSecure ? "TLS" : "TCP"): \(counts.line)")
    }
  }

  private static func codec(_ role: WebSocketRole, _ frames: Int, _ corpus: Corpus, _ random: SeededGenerator) throws {
    var memory = MemoryWatch("codec of a \(role)", frames: frames)
    var target = CodecTarget(role: role, corpus: corpus, random: random)
    while target.frames < frames {
      try target.runConnection()
      memory.look(target.frames)
    }
    try memory.finish("\(target.messages) messages, of which \(target.envelopes) had an outline")
  }

  private static func http(_ requests: Int, _ random: SeededGenerator) throws {
    var memory = MemoryWatch("requests of HTTP", frames: requests)
    var target = HTTPTarget(random: random)
    while target.requests < requests {
      try target.runConnection()
      memory.look(target.requests)
    }
    try memory.finish("\(target.found) were read")
  }

  private static func streams(_ messages: Int, _ corpus: Corpus, _ random: SeededGenerator) async throws {
    var memory = MemoryWatch("stream sockets", frames: messages)
    let target = try await StreamTarget.start(corpus: corpus, random: random)
    var count = 0
    while count < messages {
      count += try await target.runVisit()
      memory.look(count)
    }
    await target.shutDown()
    try memory.finish("")
  }

  private static func channels(_ messages: Int, _ corpus: Corpus, _ random: SeededGenerator) async throws {
    var memory = MemoryWatch("ends of channels", frames: messages)
    let target = try await ChannelTarget.start(corpus: corpus, random: random)
    while await target.messages < messages {
      try await target.runVisit()
      memory.look(await target.messages)
    }
    try await target.shutDown()
    try memory.finish("")
  }

  private static func engine(_ frames: Int, _ corpus: Corpus, _ random: SeededGenerator) async throws {
    var memory = MemoryWatch("engine", frames: frames)
    var random = random
    // Several engines one after the other: each has another mixture of habits.
    var before = 0
    while before < frames {
      let target = try await EngineTarget.start(corpus: corpus, random: random.split())
      var counts = FuzzCounts()
      while counts.frames < min(max(frames / 8, 1), frames - before) {
        try await target.runVisit()
        counts = await target.counts
        memory.look(before + counts.frames)
      }
      before += counts.frames
      memory.add(counts)
      try await target.shutDown()
    }
    try memory.finish("")
  }

  private static func client(_ frames: Int, _ corpus: Corpus, _ random: SeededGenerator) async throws {
    var memory = MemoryWatch("client", frames: frames)
    let target = try await ClientTarget.start(corpus: corpus, random: random)
    var counts = FuzzCounts()
    while counts.frames < frames {
      try await target.runVisit()
      counts = await target.counts
      memory.look(counts.frames)
    }
    memory.add(counts)
    try await target.shutDown()
    try memory.finish("")
  }
}
