internal import UV

/// The bytes of a configuration file before they are parsed.
enum ConfigurationText {
  /// The largest file that is read; a configuration has a few kilobytes.
  static let maxBytes = 1 << 20

  static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(UVError) {
      bytes = try FileBytes.read(path, limit: maxBytes + 1)
    } catch {
      if error.isNoSuchFile {
        throw ConfigurationError(
          kind: .missingFile, path: path, message: "Config file not found: '\(path)'.",
          hint: "check the path, or leave --config out to run with defaults.")
      }
      throw unreadable(path, reason: error.reason)
    }
    guard bytes.count <= maxBytes else {
      throw unreadable(path, reason: "it is longer than \(maxBytes >> 20) MiB, which no configuration is")
    }
    return bytes
  }

  /// The text without its byte order mark; it must be UTF-8.
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
}
