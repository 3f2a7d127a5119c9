#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The processor time that `body` takes on this thread, in seconds: other threads and processes do not add to it.
package func threadTime(_ body: () throws -> Void) rethrows -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  let start = now()
  try body()
  return now() - start
}
