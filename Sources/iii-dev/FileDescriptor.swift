#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Writes whole texts to a descriptor.
enum FileDescriptor {
  /// Writes a text and waits until all of it is accepted. Returns `false` if the reading end is closed.
  @discardableResult static func write(_ text: String, to descriptor: Int32) -> Bool {
    write(Array(text.utf8)[...], to: descriptor)
  }

  /// Writes bytes and waits until all of them are accepted. Returns `false` if the reading end is closed.
  static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(descriptor, $0) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        _ = isWritable(descriptor, withinMilliseconds: -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  /// Whether the descriptor accepts bytes without blocking: at least 4 KiB for a pipe.
  static func isWritable(_ descriptor: Int32, withinMilliseconds limit: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&entry, 1, limit) > 0
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Darwin)
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
