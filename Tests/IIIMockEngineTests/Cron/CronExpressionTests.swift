import TestSupport
import Testing

@testable import IIIMockEngine

/// The moments of an expression, found by looking at day after day.
struct CronModel {
  var fields: [Set<Int>]

  func next(after moment: Int, within days: Int) -> Int? {
    var day = (moment + 1) / 86_400
    var date = (year: 1970, month: 1, day: 1)
    for _ in 0..<day { date = CronModel.after(date) }
    let start = (moment + 1) % 86_400
    for offset in 0..<days {
      defer {
        day += 1
        date = CronModel.after(date)
      }
      guard fields[6].contains(date.year), fields[4].contains(date.month), fields[3].contains(date.day),
        fields[5].contains((day + 4) % 7 + 1)
      else { continue }
      for hour in fields[2].sorted() {
        for minute in fields[1].sorted() {
          for second in fields[0].sorted() {
            let time = hour * 3600 + minute * 60 + second
            if offset > 0 || time >= start { return day * 86_400 + time }
          }
        }
      }
    }
    return nil
  }

  static func after(_ date: (year: Int, month: Int, day: Int)) -> (year: Int, month: Int, day: Int) {
    let isLeap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if date.day < lengths[date.month - 1] { return (date.year, date.month, date.day + 1) }
    return date.month < 12 ? (date.year, date.month + 1, 1) : (date.year + 1, 1, 1)
  }
}

@Suite struct CronExpressionTests {
  static let ranges = [0...59, 0...59, 0...23, 1...31, 1...12, 1...7, 1970...2100]
  static let names = [
    4: ["jan", "February", "MAR", "apr", "may", "june", "jul", "aug", "SEPTEMBER", "oct", "nov", "dec"],
    5: ["sun", "Monday", "tues", "WED", "thurs", "fri", "saturday"],
  ]

  /// A random item of a field, and the numbers that it stands for.
  static func item(_ field: Int, _ random: inout SeededGenerator) -> (String, Set<Int>) {
    let range = ranges[field]
    let a = random.pick(range)
    let b = random.pick(a...range.upperBound)
    let step = 1 + random.below(random.oneIn(4) ? range.upperBound : min(9, range.upperBound))
    func stepped(_ range: ClosedRange<Int>) -> Set<Int> {
      Set(stride(from: range.lowerBound, through: range.upperBound, by: step))
    }
    switch random.below(8) {
    case 0: return (field == 3 || field == 5 ? "?" : "*", Set(range))
    case 1: return ("*/\(step)", stepped(range))
    case 2: return ("\(a)-\(b)", Set(a...b))
    case 3: return ("\(a)-\(b)/\(step)", stepped(a...b))
    case 4: return ("\(a)/\(step)", stepped(a...range.upperBound))
    case 5:
      guard let names = names[field] else { return ("0\(a)", [a]) }
      return ("\(names[a - 1])-\(names[b - 1])/\(step)", stepped(a...b))
    case 6:
      guard let names = names[field] else { return ("\(a)", [a]) }
      return (names[a - 1], [a])
    default: return ("\(a)", [a])
    }
  }

  @Test("random expressions have the moments that a search day by day finds", arguments: 0..<8)
  func agreesWithTheModel(part: Int) throws {
    for seed in stride(from: part, to: Proofs.count(suite: 200, full: 100_000), by: 8) {
      var random = SeededGenerator(seed: UInt64(seed))
      var texts: [String] = []
      var sets: [Set<Int>] = []
      for field in 0..<7 {
        let items = (0...(random.oneIn(3) ? 1 : 0)).map { _ in Self.item(field, &random) }
        let isOpen = (field == 6 || field == 3 || field == 5) && !random.oneIn(3)
        texts.append(isOpen ? "*" : items.map(\.0).joined(separator: ","))
        sets.append(isOpen ? Set(Self.ranges[field]) : items.reduce(into: []) { $0.formUnion($1.1) })
      }
      let expression = try CronExpression(texts.joined(separator: random.oneIn(2) ? " " : " \t "))
      let model = CronModel(fields: sets)
      // Within 131 years of which each is looked at once: the search is slow.
      var moment = random.below(131 * 365 * 86_400)
      for _ in 0..<3 {
        let wanted = model.next(after: moment, within: 3000)
        let got = expression.next(after: moment)
        // Beyond the days that were looked at anything may come.
        if wanted == nil, let got { #expect(got >= moment + 2998 * 86_400, "\(texts) after \(moment)") }
        guard let wanted else { break }
        #expect(got == wanted, "\(texts) after \(moment)")
        guard got == wanted else { return }
        moment = wanted
      }
    }
  }

  @Test(
    "next moments after 1 January 2026, a Thursday",
    arguments: [
      ("0 0 9 * * MON-FRI", "2026-01-01T09:00:00+00:00"), ("0 0 0 * * 1", "2026-01-04T00:00:00+00:00"),
      ("0 0 0 13 * 6", "2026-02-13T00:00:00+00:00"),
      ("0 30 9,12,15 1,15 May-Aug Mon,Wed,Fri 2018/2", "2026-05-01T09:30:00+00:00"),
      ("@weekly", "2026-01-04T00:00:00+00:00"), ("@yearly", "2027-01-01T00:00:00+00:00"),
      ("@monthly", "2026-02-01T00:00:00+00:00"), ("@daily", "2026-01-02T00:00:00+00:00"),
      ("@hourly", "2026-01-01T01:00:00+00:00"), ("5/15 * * * * *", "2026-01-01T00:00:05+00:00"),
      ("0 0 0 29 2 ?", "2028-02-29T00:00:00+00:00"), ("59 59 23 31 12 ? 2100", "2100-12-31T23:59:59+00:00"),
    ])
  func table(text: String, moment: String) throws {
    let start = UTCDate(year: 2026, month: 1, day: 1).daysSince1970 * 86_400
    let next = try #require(try CronExpression(text).next(after: start))
    #expect(UTCTime.text(nanoseconds: UInt64(next) * UTCTime.nanosecondsPerSecond) == moment)
  }

  @Test("an expression without a match has no next moment", arguments: ["0 0 0 30 2 ?", "* * * * * * 2020"])
  func never(text: String) throws {
    #expect(try CronExpression(text).next(after: 1_800_000_000) == nil)
  }

  @Test("the last moment has none after it")
  func last() throws {
    let expression = try CronExpression("* * * * * *")
    let end = UTCDate(year: 2101, month: 1, day: 1).daysSince1970 * 86_400 - 1
    #expect(expression.next(after: end - 1) == end)
    #expect(expression.next(after: end) == nil)
    #expect(expression.next(after: .max) == nil)
  }

  @Test(
    "what is not in the grammar is refused",
    arguments: [
      "? * * * * *", "* * * * * 0-6", "* * * * * * 2101", "* * * * *", "* * * * * * * *", "*/0 * * * * *",
      "60 * * * * *", "* * * 32 * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 8", "59-0 * * * * *", "*/60 * * * * *",
      "* * * L * ?", "* * * 15W * ?", "* * * * * mon#1", "@every 1s", "@secondly", "@reboot", "@annually", "", "abc",
      "* * * * * *;", "* * * * jan/2 *", "* * * * jan-2 *", "* * * * 1-feb *", ", * * * * *", "1, * * * * *",
      "1,,2 * * * * *", "-1 * * * * *", "+1 * * * * *", "1- * * * * *", "1-2-3 * * * * *", "1/ * * * * *",
      "1/2/3 * * * * *", "* * * * * sat-sun", "99999999999999999999 * * * * *", "\u{661} * * * * *",
    ])
  func refused(text: String) {
    #expect(throws: CronError.self) { try CronExpression(text) }
  }

  @Test("errors name the field")
  func errors() {
    func reason(_ text: String) -> String? {
      do throws(CronError) {
        _ = try CronExpression(text)
        return nil
      } catch {
        return error.reason
      }
    }
    #expect(reason("* * 24 * * *") == "hour: 24 is not between 0 and 23")
    #expect(reason("*/0 * * * * *") == "second: range step cannot be zero")
    #expect(reason("* * * * * foo") == "day of week: 'foo' is not a value of this field")
    #expect(reason("0 9 * * 1-5")?.contains("found 5") == true)
  }

  @Test("fractions of seconds have three, six or nine digits, and none where there is no fraction")
  func fractions() {
    #expect(UTCTime.text(nanoseconds: 0) == "1970-01-01T00:00:00+00:00")
    #expect(UTCTime.text(nanoseconds: 5_000_000_000) == "1970-01-01T00:00:05+00:00")
    #expect(UTCTime.text(nanoseconds: 1_200_000_000) == "1970-01-01T00:00:01.200+00:00")
    #expect(UTCTime.text(nanoseconds: 1_000_020_000) == "1970-01-01T00:00:01.000020+00:00")
    #expect(UTCTime.text(nanoseconds: 1_000_000_003) == "1970-01-01T00:00:01.000000003+00:00")
  }

  @Test("days and dates of two centuries agree with counting")
  func dates() {
    var date = (year: 1970, month: 1, day: 1)
    for day in 0..<90_000 {
      let wanted = UTCDate(year: date.year, month: date.month, day: date.day)
      #expect(UTCDate(daysSince1970: day) == wanted && wanted.daysSince1970 == day)
      date = CronModel.after(date)
    }
  }
}
