import IIIMockEngine
import Testing

/// What the real engine said, our engine says: each conversation on an engine of its own, all at the same time.
@Suite struct TranscriptTests {
  @Test(.timeLimit(.minutes(1)), arguments: Transcript.all)
  func isPlayed(_ transcript: Transcript) async throws {
    let departures = Departures()
    var configuration = MockEngine.Configuration()
    configuration.compatibility = .v0_13
    let isFull = transcript.config.hasPrefix("full")
    configuration.isTracingEnabled = transcript.config != "core" && transcript.config != "full-untraced"
    if !isFull { configuration.builtIns = [] }
    configuration.isObservabilityEnabled = configuration.isTracingEnabled
    configuration.onEvent = departures.handler
    try await withMockEngine(configuration) { engine in
      var player = TranscriptPlayer(transcript, url: engine.url, departures: departures)
      try await player.play()
    }
  }

  @Test func allAreThere() { #expect(Transcript.all.count == 53) }
}
