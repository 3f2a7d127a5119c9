/// Why a text is not a cron expression.
struct CronError: Error, Equatable {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// A cron expression of six or seven fields: second, minute, hour, day of month, month, day of week, and the year,
/// which may be absent. All moments are UTC; both day fields must match.
struct CronExpression: Equatable, Sendable {
  private let seconds: CronSet
  private let minutes: CronSet
  private let hours: CronSet
  private let daysOfMonth: CronSet
  private let months: CronSet
  private let daysOfWeek: CronSet
  private let years: CronSet

  /// - Parameter text: Fields between blanks and tabs, or one of `@yearly`, `@monthly`, `@weekly`, `@daily`, `@hourly`.
  init(_ text: String) throws(CronError) {
    var fields = CronExpression.fields(of: text)
    if fields.count == 1, let meaning = CronExpression.shorthands[String(fields[0])] {
      fields = CronExpression.fields(of: meaning)
    }
    guard fields.count == 6 || fields.count == 7 else {
      let hint = fields.count == 5 ? "; put the second in front of a crontab line" : ""
      throw CronError(
        "expected 6 or 7 fields (second minute hour day-of-month month day-of-week [year]), "
          + "found \(fields.count)\(hint)")
    }
    seconds = try CronField.second.numbers(fields[0])
    minutes = try CronField.minute.numbers(fields[1])
    hours = try CronField.hour.numbers(fields[2])
    daysOfMonth = try CronField.dayOfMonth.numbers(fields[3])
    months = try CronField.month.numbers(fields[4])
    daysOfWeek = try CronField.dayOfWeek.numbers(fields[5])
    years = try CronField.year.numbers(fields.count == 7 ? fields[6] : "*")
  }

  private static func fields(of text: String) -> [Substring] { text.split { $0 == " " || $0 == "\t" } }

  private static let shorthands = [
    "@yearly": "0 0 0 1 1 *", "@monthly": "0 0 0 1 * *", "@weekly": "0 0 0 * * 1", "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
  ]

  /// The first second after `moment` that matches; `nil` if there is none.
  ///
  /// - Parameter moment: Whole seconds since 1970.
  func next(after moment: Int) -> Int? {
    guard moment < .max else { return nil }
    let start = max(moment, -1) + 1
    let firstDay = start / 86_400
    // The first day may have passed the last of its matching times; every later one begins at midnight.
    if let day = matchingDay(from: firstDay) {
      if day > firstDay { return time(from: 0).map { day * 86_400 + $0 } }
      if let time = time(from: start % 86_400) { return day * 86_400 + time }
      guard let later = matchingDay(from: firstDay + 1) else { return nil }
      return time(from: 0).map { later * 86_400 + $0 }
    }
    return nil
  }

  /// The first day that matches, from `day` on, in days since 1970.
  private func matchingDay(from day: Int) -> Int? {
    var date = UTCDate(daysSince1970: day)
    while let year = years.first(from: date.year) {
      if year > date.year { date = UTCDate(year: year, month: 1, day: 1) }
      while let month = months.first(from: date.month) {
        if month > date.month { date = UTCDate(year: year, month: month, day: 1) }
        if let day = matchingDay(inMonthOf: date) { return day }
        date.month += 1
        date.day = 1
      }
      date = UTCDate(year: year + 1, month: 1, day: 1)
    }
    return nil
  }

  private func matchingDay(inMonthOf date: UTCDate) -> Int? {
    let firstOfMonth = UTCDate(year: date.year, month: date.month, day: 1).daysSince1970
    let length = UTCDate.daysIn(month: date.month, of: date.year)
    var candidate = daysOfMonth.first(from: date.day)
    while let day = candidate, day <= length {
      // 1 January 1970 was a Thursday, which is 5.
      let dayOfWeek = (firstOfMonth + day - 1 + 4) % 7 + 1
      if daysOfWeek.contains(dayOfWeek) { return firstOfMonth + day - 1 }
      candidate = daysOfMonth.first(from: day + 1)
    }
    return nil
  }

  /// The first time of a day that matches, from `start` on, in seconds since midnight.
  private func time(from start: Int) -> Int? {
    var (hour, minute, second) = (start / 3600, start / 60 % 60, start % 60)
    while let h = hours.first(from: hour) {
      if h > hour { (minute, second) = (0, 0) }
      while let m = minutes.first(from: minute) {
        if m > minute { second = 0 }
        if let s = seconds.first(from: second) { return h * 3600 + m * 60 + s }
        (minute, second) = (m + 1, 0)
      }
      (hour, minute, second) = (h + 1, 0, 0)
    }
    return nil
  }
}
