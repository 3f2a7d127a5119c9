#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// The process's limit of open descriptors, and so of connections.
enum DescriptorLimit {
  /// Raises the soft limit to the hard limit; does not change it if that fails.
  static func raise() {
    var limit = rlimit()
    #if canImport(Darwin)
      let resource = RLIMIT_NOFILE
    #else
      let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    #if canImport(Darwin)
      limit.rlim_cur = min(limit.rlim_max, rlim_t(OPEN_MAX))  // "unlimited" is refused there
    #else
      limit.rlim_cur = limit.rlim_max
    #endif
    setrlimit(resource, &limit)
  }
}
