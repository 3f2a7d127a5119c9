internal import CUV

/// Nanoseconds of the machine's monotonic clock, from an unspecified start.
package func monotonicNanoseconds() -> UInt64 { uv_hrtime() }

/// Milliseconds of the machine's wall clock since 1970.
package func wallClockMilliseconds() -> Int64 { Int64(wallClockNanoseconds() / 1_000_000) }

/// Nanoseconds of the machine's wall clock since 1970; its resolution is a microsecond.
package func wallClockNanoseconds() -> UInt64 {
  var time = uv_timeval64_t()
  uv_gettimeofday(&time)
  return UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_usec)) &* 1000
}
