internal import III
internal import UV

/// The payload that `trigger` builds from its arguments.
struct TriggerPayload {
  private let members: [(key: String, text: String)]
  /// The value of `--json`; an object if there are `KEY=VALUE` pairs.
  private let value: JSONValue

  /// - Parameters:
  ///   - pairs: `key=value` arguments; they override the members of `json`.
  ///   - json: The value of `--json`; an object if there are pairs too.
  ///   - read: Reads a file of the value `@FILE`, or the standard input for `nil`.
  init(
    pairs: [String], json: String?, read: (_ path: String?) throws(UsageError) -> String = InputFile.read
  ) throws(UsageError) {
    members = try pairs.map(Self.member)
    guard let json else {
      value = [:]
      return
    }
    let text = json == "-" ? try read(nil) : json.hasPrefix("@") ? try read(String(json.dropFirst())) : json
    do {
      value = try JSONValue(parsing: text)
    } catch {
      let name = text == json ? "`\(json.prefix(200))`" : "in \(json == "-" ? "the standard input" : json)"
      throw UsageError(message: "--json: invalid JSON \(name): \(Self.reason(of: error))")
    }
    guard members.isEmpty || value.isObject else {
      throw UsageError(message: "--json must be an object when combined with KEY=VALUE pairs")
    }
  }

  /// Whether a value may have to stay text although it is valid JSON: then the function's schema decides.
  var needsSchema: Bool {
    members.contains { member in
      guard let value = try? JSONValue(parsing: member.text) else { return false }
      if case .string = value { return false }
      return true
    }
  }

  /// The payload. A value that is valid JSON is sent as JSON, else as a string; if its parameter can only be a string, it is a string.
  func json(parameters: [FunctionHelp.Parameter] = []) -> JSONValue {
    guard case .object(var object) = value else { return value }
    for member in members {
      let types = parameters.first { $0.name == member.key }?.type.split(separator: "|") ?? []
      object[member.key] = Self.value(member.text, types: types)
    }
    return .object(object)
  }

  private static func value(_ text: String, types: [Substring]) -> JSONValue {
    guard let value = try? JSONValue(parsing: text) else { return .string(text) }
    guard types.contains("string") else { return value }
    let isAccepted =
      switch value {
      case .string: true
      case .null: types.contains("null")
      case .bool: types.contains("boolean")
      case .int, .uint: types.contains("integer") || types.contains("number")
      case .double: types.contains("number")
      case .array: types.contains("array")
      case .object: types.contains("object")
      }
    return isAccepted ? value : .string(text)
  }

  private static func member(_ pair: String) throws(UsageError) -> (key: String, text: String) {
    guard let separator = pair.utf8.firstIndex(of: UInt8(ascii: "=")) else {
      throw UsageError(message: "expected KEY=VALUE, got `\(pair)`")
    }
    guard separator != pair.startIndex else {
      throw UsageError(message: "the key must not be empty (got `\(pair)`)")
    }
    return (String(pair[..<separator]), String(pair[pair.utf8.index(after: separator)...]))
  }

  private static func reason(of error: any Error) -> String {
    if case DecodingError.dataCorrupted(let context) = error { context.debugDescription } else { "\(error)" }
  }
}

extension JSONValue {
  fileprivate var isObject: Bool {
    if case .object = self { true } else { false }
  }
}

/// Reads payloads from files.
enum InputFile {
  /// The engine's limit for the size of a message.
  private static let limit = 64 << 20

  /// The text of a file, or of the standard input for `nil`.
  static func read(_ path: String?) throws(UsageError) -> String {
    let name = path.map { "the file '\($0)'" } ?? "the standard input"
    let bytes: [UInt8]
    do throws(UVError) {
      bytes = try FileBytes.read(path ?? "/dev/stdin", limit: limit + 1)
    } catch {
      throw UsageError(message: "--json: \(name) cannot be read: \(error.reason)")
    }
    guard bytes.count <= limit else { throw UsageError(message: "--json: \(name) has more than 64 MiB") }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw UsageError(message: "--json: \(name) is not UTF-8")
    }
    return text
  }
}
