#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

import UV

/// The process that listens at a port.
struct PortHolder: Equatable {
  let pid: Int
  let name: String

  /// The command with which a user finds the process.
  static func hint(port: Int) -> String {
    #if os(Linux)
      "find the process with: ss -ltnp 'sport = :\(port)'"
    #else
      "find the process with: lsof -nP -iTCP:\(port) -sTCP:LISTEN"
    #endif
  }

  #if os(Linux)
    /// How many times `/proc` is searched: a list of descriptors that changes while it is read can lack one.
    private static let attempts = 5
    /// A machine with many closing connections has a long table.
    private static let tableLimit = 64 << 20

    /// Searches `/proc`; `nil` if the process is not visible, for example because it belongs to another user.
    static func find(port: Int) -> PortHolder? {
      for _ in 0..<attempts { if let holder = search(port) { return holder } }
      return nil
    }

    private static func search(_ port: Int) -> PortHolder? {
      let sockets = Set(
        ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { path in
          text(of: path, limit: tableLimit).map { listeningSockets(in: $0, port: port) } ?? []
        })
      guard !sockets.isEmpty else { return nil }
      for entry in entries(of: "/proc", limit: 10_000) {
        guard let pid = Int(entry) else { continue }
        for descriptor in entries(of: "/proc/\(pid)/fd", limit: 1 << 20)
        where target(of: "/proc/\(pid)/fd/\(descriptor)").map(sockets.contains) ?? false {
          let name = text(of: "/proc/\(pid)/comm", limit: 64)?.split(separator: "\n").first
          return PortHolder(pid: pid, name: name.map(String.init) ?? "a process")
        }
      }
      return nil
    }

    private static func text(of path: String, limit: Int) -> String? {
      (try? FileBytes.read(path, limit: limit)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The listening sockets of a kernel table, named as in the links of `/proc/PID/fd`.
    static func listeningSockets(in table: String, port: Int) -> [String] {
      table.split(separator: "\n").dropFirst().compactMap { line in
        let columns = line.split(separator: " ")
        guard columns.count > 9, columns[3] == "0A", let local = columns[1].split(separator: ":").last,
          Int(local, radix: 16) == port
        else { return nil }
        return "socket:[\(columns[9])]"
      }
    }

    private static func entries(of folder: String, limit: Int) -> [String] {
      guard let stream = opendir(folder) else { return [] }
      defer { closedir(stream) }
      var names: [String] = []
      while names.count < limit, let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name.first != "." { names.append(name) }
      }
      return names
    }

    private static func target(of link: String) -> String? {
      var buffer = [CChar](repeating: 0, count: 128)
      let count = readlink(link, &buffer, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  #else
    static func find(port: Int) -> PortHolder? { nil }
  #endif
}
