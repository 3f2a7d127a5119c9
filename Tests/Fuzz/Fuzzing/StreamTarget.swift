import III
import IIIMockEngine
package import TestSupport

/// Stream sockets of an engine under mutated messages: a sound join is answered, a change is told to whoever has joined, and
/// other clients are not disturbed.
package final class StreamTarget: Sendable {
  private let engine: MockEngine
  private let url: String
  private let mutator: MessageMutator
  private let random: Locked

  /// The generator, which one visit at a time uses.
  private actor Locked {
    var generator: SeededGenerator

    init(_ generator: SeededGenerator) { self.generator = generator }

    func split() -> SeededGenerator { generator.split() }
  }

  private init(_ engine: MockEngine, _ url: String, _ corpus: Corpus, _ random: SeededGenerator) {
    self.engine = engine
    self.url = url
    mutator = MessageMutator(others: corpus.toEngine)
    self.random = Locked(random)
  }

  package static func start(corpus: Corpus, random: SeededGenerator) async throws -> StreamTarget {
    let engine = try await MockEngine.start()
    guard let url = await engine.streamURL else { throw FuzzFailure("the engine has no stream sockets") }
    return StreamTarget(engine, url, corpus, random)
  }

  package func shutDown() async { await engine.shutdown() }

  /// One connection: mutated messages, then a sound join and a change. Returns how many messages were sent.
  package func runVisit() async throws -> Int {
    var random = await random.split()
    let client = try await RawPeer.open(url)
    let count = 1 + random.below(200)
    for _ in 0..<count {
      let message = mutator.mutate(
        Array(StreamTarget.join("s\(random.below(4))", random.pick(["g", "h"])).utf8), &random)
      // Text must be UTF-8: what is not goes as a binary message.
      if random.oneIn(2), let text = String(validating: message, as: UTF8.self) {
        await client.send(text)
      } else {
        await client.send(binary: message)
      }
    }
    await client.send(StreamTarget.join("sound", "sound"))
    _ = try await client.receive { $0.text.contains(#""groupId":"sound""#) && $0.text.contains(#""type":"sync""#) }
    let mark = "mark \(random.next())"
    try await engine.stream("sound").send(mark, to: "sound")
    _ = try await client.receive { $0.text.contains(mark) }
    await client.abort()
    return count
  }

  private static func join(_ id: String, _ group: String) -> String {
    #"{"type":"join","data":{"subscriptionId":"\#(id)","streamName":"sound","groupId":"\#(group)","id":null}}"#
  }
}
