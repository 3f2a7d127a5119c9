internal import CUV

/// What the process uses of CPU and memory.
package struct ProcessUsage: Sendable {
  package var userMicroseconds: Int64
  package var systemMicroseconds: Int64
  package var residentBytes: Int64
  /// `nil` where the system does not say it.
  package var virtualBytes: Int64?

  package var cpuMicroseconds: Int64 { userMicroseconds + systemMicroseconds }

  package static func current() -> ProcessUsage {
    var usage = uv_rusage_t()
    _ = uv_getrusage(&usage)
    var resident = 0
    _ = uv_resident_set_memory(&resident)
    return ProcessUsage(
      userMicroseconds: Int64(usage.ru_utime.tv_sec) * 1_000_000 + Int64(usage.ru_utime.tv_usec),
      systemMicroseconds: Int64(usage.ru_stime.tv_sec) * 1_000_000 + Int64(usage.ru_stime.tv_usec),
      residentBytes: Int64(resident), virtualBytes: virtualBytes)
  }

  /// The first number of `/proc/self/statm`, in pages, which Linux has.
  private static var virtualBytes: Int64? {
    guard let text = SystemInfo.file("/proc/self/statm", limit: 256) else { return nil }
    let pages = String(decoding: text, as: UTF8.self).prefix { $0 != " " }
    return Int64(pages).map { $0 * Int64(cuv_page_size()) }
  }
}
