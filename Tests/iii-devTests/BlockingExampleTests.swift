import Foundation
import IIIMockEngine
import Testing

/// The README's program without `async`.
@Suite(.timeLimit(.minutes(5))) struct BlockingExampleTests {
  @Test func aProgramWithoutAsyncRegistersCallsAndEnds() async throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Examples/Blocking/main.swift")
    let code = try String(contentsOf: file, encoding: .utf8)
    #expect(!code.contains("async") && !code.contains("await"))
    try await withMockEngine { engine in
      let end = try await Program([], variables: ["III_URL": engine.url], of: "blocking-example").end()
      #expect(end.status == 0)
      #expect(end.output == "the bill: 100\n")
      #expect(end.errors == "")
    }
  }
}
