internal import CUV

/// Nanoseconds of the machine's monotonic clock, from an unspecified start.
package func monotonicNanoseconds() -> UInt64 { uv_hrtime() }

/// Milliseconds of the machine's wall clock since 1970.
package func wallClockMilliseconds() -> Int64 {
  var time = uv_timeval64_t()
  uv_gettimeofday(&time)
  return time.tv_sec * 1000 + Int64(time.tv_usec) / 1000
}
