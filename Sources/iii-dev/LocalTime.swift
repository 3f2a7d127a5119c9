#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// A point in time, in the formats of log lines.
struct LocalTime: Sendable, Equatable {
  let secondsSince1970: Int
  let milliseconds: Int

  static var now: LocalTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return LocalTime(secondsSince1970: Int(time.tv_sec), milliseconds: Int(time.tv_nsec) / 1_000_000)
  }

  /// `09:19:23.241 AM`, in local time.
  var clock: String {
    var seconds = time_t(secondsSince1970)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return Self.clock(hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec), milliseconds)
  }

  static func clock(hour: Int, minute: Int, second: Int, _ milliseconds: Int) -> String {
    let hour12 = hour % 12 == 0 ? 12 : hour % 12
    return "\(two(hour12)):\(two(minute)):\(two(second)).\(three(milliseconds)) \(hour < 12 ? "AM" : "PM")"
  }

  /// `2026-01-31T08:19:23.241Z`
  var iso8601: String {
    var seconds = time_t(secondsSince1970)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return "\(Int(parts.tm_year) + 1900)-\(Self.two(Int(parts.tm_mon) + 1))-\(Self.two(Int(parts.tm_mday)))T"
      + "\(Self.two(Int(parts.tm_hour))):\(Self.two(Int(parts.tm_min))):\(Self.two(Int(parts.tm_sec)))."
      + "\(Self.three(milliseconds))Z"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  private static func three(_ number: Int) -> String { number < 100 ? "0" + two(number) : "\(number)" }
}
