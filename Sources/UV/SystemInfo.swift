internal import CUV

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Facts about the machine and the process.
package enum SystemInfo {
  /// The value of an environment variable; `nil` if it is not set.
  package static func environment(_ name: String) -> String? {
    text { uv_os_getenv(name, $0, $1) }
  }

  /// The environment, as `NAME=VALUE`.
  static var environmentEntries: [String] {
    var items: UnsafeMutablePointer<uv_env_item_t>?
    var count: Int32 = 0
    guard uv_os_environ(&items, &count) == 0, let items else { return [] }
    defer { uv_os_free_environ(items, count) }
    return (0..<Int(count)).map { "\(String(cString: items[$0].name))=\(String(cString: items[$0].value))" }
  }

  package static var hostName: String? { text { uv_os_gethostname($0, $1) } }

  package static var currentDirectory: String? { text { uv_cwd($0, $1) } }

  /// The number of files and connections that the process may have open; `nil` if it is not limited.
  package static var descriptorLimit: Int? {
    let limit = cuv_descriptor_limit()
    return limit > 0 ? Int(clamping: limit) : nil
  }

  package static var processID: Int { Int(uv_os_getpid()) }

  /// The system's name, its release and the machine, as `uname` reports them: `Linux`, `6.1.0`, `x86_64`.
  package static var kernel: (name: String, release: String, machine: String)? {
    var names = uv_utsname_t()
    guard uv_os_uname(&names) == 0 else { return nil }
    return (
      withUnsafeBytes(of: names.sysname, text), withUnsafeBytes(of: names.release, text),
      withUnsafeBytes(of: names.machine, text)
    )
  }

  /// The first `limit` bytes of a file; `nil` if it cannot be read.
  package static func file(_ path: String, limit: Int) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = fread(buffer.baseAddress, 1, limit, file)
    }
    return ferror(file) == 0 ? bytes : nil
  }

  /// Writes a line to the process's standard error, in one call.
  package static func writeToStandardError(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    bytes.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
  }

  /// Text that libuv writes into a buffer of the right size.
  private static func text(
    _ ask: (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>) -> Int32
  ) -> String? {
    var size = 1024
    for _ in 0..<2 {
      var code: Int32 = 0
      let bytes = [CChar](unsafeUninitializedCapacity: size) { buffer, count in
        var used = buffer.count
        code = ask(buffer.baseAddress, &used)
        size = used + 1
        count = code == 0 ? used : 0
      }
      if code == 0 { return bytes.withUnsafeBytes(text) }
      guard code == UV_ENOBUFS.rawValue else { return nil }
    }
    return nil
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
