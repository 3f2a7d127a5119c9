import IIIMockEngine
import Testing

@testable import iii_dev

@Suite(.timeLimit(.minutes(2))) struct BenchCommandTests {
  @Test("the address is an operand, or comes from the variable")
  func address() throws {
    #expect(try BenchOptions(["ws://h:1"], environment: Variables([:])).url == "ws://h:1")
    #expect(try BenchOptions(["h:1", "--seconds", "0.5", "--bytes=10"], environment: Variables([:])).url == "ws://h:1")
    #expect(try BenchOptions([], environment: Variables(["III_URL": "ws://x:2"])).url == "ws://x:2")
    for words in [["a", "b"], ["--seconds", "0"], ["--bytes", "-1"], ["http://h"]] {
      #expect(throws: UsageError.self) { try BenchOptions(words, environment: Variables([:])) }
    }
  }

  @Test("median and 99th percentile are those of the sorted times")
  func percentiles() {
    let result = BenchResult((1...1000).reversed().map { Int64($0) * 1000 }, within: .seconds(2))
    #expect(result.rate == 500 && result.p50 == 500_000 && result.p99 == 990_000)
    #expect(result.line(16).split(separator: " ") == ["16", "500", "/s", "500.0", "µs", "990.0", "µs"])
    #expect(BenchResult([], within: .seconds(1)).p99 == 0)
  }

  @Test("an engine is measured with 1, 16 and 64 callers")
  func table() async throws {
    try await withMockEngine { engine in
      let result = await run("bench", engine.url, "--seconds", "0.1")
      #expect(result.status == .success, "\(result.errors)")
      let rows = result.output.split(separator: "\n").map { $0.split(separator: " ") }
      #expect(rows.count == 5 && rows[1].map(String.init) == ["callers", "rate", "p50", "p99"])
      #expect(rows.dropFirst(2).map { $0.first } == ["1", "16", "64"])
      #expect(
        rows.dropFirst(2).allSatisfy { Int($0[1]) != nil && Double($0[3]).map { $0 > 0 } == true }, "\(result.output)")
    }
  }

  @Test("an engine that is not there is an error")
  func noEngine() async {
    let result = await run("bench", "127.0.0.1:1")
    #expect(result.status == .failure && result.errors.contains("cannot connect"))
  }
}
