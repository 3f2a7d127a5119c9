import Foundation
import Testing

@testable import iii_dev

@Suite struct LogWriterTests {
  /// Nobody reads: the writer does not wait, what is too much is dropped, and the end comes all the same.
  @Test func aReaderThatStoppedHoldsNothingUp() async throws {
    let pipe = Pipe()
    let writer = try LogWriter(LogFormatter(), descriptor: pipe.fileHandleForWriting.fileDescriptor, maxWaiting: 100)
    let line = String(repeating: "x", count: 999) + "\n"
    for _ in 0..<10_000 { writer.write(line) }
    await writer.finish()
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text.hasPrefix(line))
    #expect(text.utf8.count < 1_000_000)
  }

  @Test func everythingIsWrittenInOrder() async throws {
    let pipe = Pipe()
    let writer = try LogWriter(LogFormatter(), descriptor: pipe.fileHandleForWriting.fileDescriptor)
    for number in 0..<1000 { writer.write("\(number)\n") }
    await writer.finish()
    try pipe.fileHandleForWriting.close()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text == (0..<1000).map { "\($0)\n" }.joined())
  }

  @Test func aReaderThatLeftIsNoHarm() async throws {
    let pipe = Pipe()
    let writer = try LogWriter(LogFormatter(), descriptor: pipe.fileHandleForWriting.fileDescriptor)
    try pipe.fileHandleForReading.close()
    writer.write("nobody\n")
    await writer.finish()
  }
}
