#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// The bytes of a configuration file, before anything is understood of them.
enum ConfigurationText {
  /// A configuration is a few kilobytes; what is longer is something else.
  static let maxBytes = 1 << 20

  static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT {
        throw ConfigurationError(
          kind: .missingFile, path: path, message: "Config file not found: '\(path)'.",
          hint: "check the path, or leave --config out to run with defaults.")
      }
      throw unreadable(path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0) }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw unreadable(path, reason: String(cString: strerror(errno)))
      }
      bytes += chunk[..<count]
      guard bytes.count <= maxBytes else {
        throw unreadable(path, reason: "it is longer than \(maxBytes >> 20) MiB, which no configuration is")
      }
    }
  }

  /// The text without its byte order mark. The parser takes UTF-8 alone.
  static func validated(_ bytes: [UInt8]) throws(ConfigurationFault) -> [UInt8] {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw ConfigurationFault("the file is UTF-16", at: nil, hint: "save it as UTF-8")
    }
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    if String(validating: text, as: UTF8.self) == nil {
      let valid = String(decoding: text, as: UTF8.self).utf8
      let end = zip(text, valid).prefix { $0 == $1 }.count
      var position = SourcePosition()
      position.advance(over: 0..<end, of: text)
      throw ConfigurationFault("the file is no valid UTF-8", at: position, hint: "save it as UTF-8")
    }
    return text
  }

  private static func unreadable(_ path: String, reason: String) -> ConfigurationError {
    ConfigurationError(
      kind: .unreadableFile, path: path, message: "Failed to read config file '\(path)': \(reason)")
  }

  private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    #if canImport(Darwin)
      Darwin.read(descriptor, buffer.baseAddress, buffer.count)
    #else
      Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    #endif
  }
}
