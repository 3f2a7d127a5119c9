internal import CUV

/// Nanoseconds of the machine's monotonic clock, from an unspecified start.
package func monotonicNanoseconds() -> UInt64 { uv_hrtime() }
