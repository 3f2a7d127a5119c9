import Foundation
import Testing

@testable import IIIMockEngine

/// Moments that croniter, a library for Python, has found; `Scripts/proofs-cron` makes the file.
@Suite struct CronCroniterTests {
  static let file = ProcessInfo.processInfo.environment["III_CRON_MOMENTS"]
  /// How many moments of an expression the file has at most, and where it ends: 1 January 2036.
  static let most = 300
  static let end = UTCDate(year: 2036, month: 1, day: 1).daysSince1970 * 86_400

  @Test("all moments of ten years are those that croniter finds", .enabled(if: file != nil))
  func agreesWithCroniter() throws {
    let text = try String(contentsOfFile: Self.file ?? "", encoding: .utf8)
    var compared = 0
    for line in text.split(separator: "\n") {
      let columns = line.split(separator: "\t").map(String.init)
      let expression = try CronExpression(columns[0])
      let moments = try columns.dropFirst().map { try #require(Int($0)) }
      for (moment, next) in zip(moments, moments.dropFirst()) {
        let found = expression.next(after: moment)
        if found != next { Issue.record("\(columns[0]) after \(moment): croniter \(next), found \(found ?? 0)") }
      }
      compared += moments.count - 1
      if moments.count <= Self.most, let last = moments.last {
        #expect(expression.next(after: last) ?? .max >= Self.end, "\(columns[0]) after \(last)")
      }
    }
    #expect(compared > 1000)
  }
}
