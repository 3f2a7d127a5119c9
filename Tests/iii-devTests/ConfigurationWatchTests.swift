import Foundation
import Testing
import UV

@testable import iii_dev

@Suite(.timeLimit(.minutes(5))) struct ConfigurationWatchTests {
  @Test("a change is told while other files of the folder change all the time, as logs do")
  func busyFolder() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "iii-watch-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "config.yaml")
    try "a".write(to: file, atomically: true, encoding: .utf8)
    let watch = try await ConfigurationWatch.start(path: file.path)
    let isOver = Lock(false)
    let other = Task {
      var number = 0
      while !isOver.withLock({ $0 }) {
        try "\(number)".write(to: folder.appending(path: "log"), atomically: false, encoding: .utf8)
        number += 1
        await Task.yield()
      }
    }
    try "b".write(to: file, atomically: true, encoding: .utf8)
    var causes = watch.causes.makeAsyncIterator()
    #expect(await causes.next() == .change)
    isOver.withLock { $0 = true }
    try await other.value
  }
}
