import Foundation
import Testing

@testable import iii_dev

@Suite(.timeLimit(.minutes(5))) struct LogWriterTests {
  /// If the output is not read, the writer does not wait, lines above the limit are dropped, and `finish` returns.
  @Test func aReaderThatStoppedHoldsNothingUp() async throws {
    let pipe = try PipeEnds()
    let writer = try LogWriter(LogFormatter(), descriptor: pipe.write, maxWaiting: 100)
    let line = String(repeating: "x", count: 999)
    for _ in 0..<10_000 { writer.write(line + "\n") }
    await writer.finish()
    close(pipe.write)
    var lines: [String] = []
    for await line in pipe.lines() { lines.append(line) }
    #expect(lines.first == line)
    #expect(lines.count < 1000)
  }

  @Test func everythingIsWrittenInOrder() async throws {
    let pipe = try PipeEnds()
    let writer = try LogWriter(LogFormatter(), descriptor: pipe.write)
    for number in 0..<1000 { writer.write("\(number)\n") }
    await writer.finish()
    close(pipe.write)
    var lines: [String] = []
    for await line in pipe.lines() { lines.append(line) }
    #expect(lines == (0..<1000).map(String.init))
  }

  @Test func aReaderThatLeftIsNoHarm() async throws {
    let pipe = try PipeEnds()
    let writer = try LogWriter(LogFormatter(), descriptor: pipe.write)
    close(pipe.read)
    writer.write("nobody\n")
    await writer.finish()
    close(pipe.write)
  }
}
