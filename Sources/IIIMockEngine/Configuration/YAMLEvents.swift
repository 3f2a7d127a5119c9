private import CYAML

/// The events of a text in order. All calls of libyaml are in this file.
///
/// The parser and the text it reads live as long as the object, at one address.
final class YAMLEvents {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private var cursor: SourceCursor

  /// `text.output` must be valid UTF-8.
  init(_ text: Interpolation) throws(ConfigurationFault) {
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    bytes = .allocate(capacity: text.output.count)
    _ = bytes.initialize(from: text.output)
    cursor = SourceCursor(text)
    guard yaml_parser_initialize(parser) == 1 else {
      throw ConfigurationFault("there is no memory for the YAML parser", at: nil)
    }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deinitialize(count: 1)
    parser.deallocate()
    bytes.deallocate()
  }

  /// The next event. Not to be asked again after `streamEnd` or an error.
  func next() throws(ConfigurationFault) -> YAMLEvent {
    var raw = yaml_event_t()
    guard yaml_parser_parse(parser, &raw) == 1 else { throw fault() }
    defer { yaml_event_delete(&raw) }
    let position = cursor.position(ofCharacter: raw.start_mark.index)
    switch raw.type {
    case YAML_STREAM_START_EVENT: return YAMLEvent(kind: .streamStart, position: position)
    case YAML_DOCUMENT_START_EVENT: return YAMLEvent(kind: .documentStart, position: position)
    case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, position: position)
    case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, position: position)
    case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, position: position)
    case YAML_ALIAS_EVENT:
      return YAMLEvent(kind: .alias(string(raw.data.alias.anchor) ?? ""), position: position)
    case YAML_SEQUENCE_START_EVENT:
      let start = raw.data.sequence_start
      return YAMLEvent(
        kind: .sequenceStart, anchor: string(start.anchor), tag: string(start.tag), position: position)
    case YAML_MAPPING_START_EVENT:
      let start = raw.data.mapping_start
      return YAMLEvent(
        kind: .mappingStart, anchor: string(start.anchor), tag: string(start.tag), position: position)
    case YAML_SCALAR_EVENT:
      let scalar = raw.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return YAMLEvent(
        kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), anchor: string(scalar.anchor),
        tag: string(scalar.tag), position: position,
        variable: cursor.variable(in: raw.start_mark.index..<max(raw.start_mark.index, raw.end_mark.index)))
    default: return YAMLEvent(kind: .streamEnd, position: position)
    }
  }

  private func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    text.map { String(cString: $0) }
  }

  /// The parser's error, without the text itself, which may contain a secret.
  private func fault() -> ConfigurationFault {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "this is no YAML"
    if parser.pointee.error == YAML_READER_ERROR {
      let before = bytes.prefix(parser.pointee.problem_offset).count { $0 & 0xC0 != 0x80 }
      return ConfigurationFault(problem, at: cursor.position(ofCharacter: before))
    }
    let position = cursor.position(ofCharacter: parser.pointee.problem_mark.index)
    var hint: String?
    if problem.contains("tab") {
      hint = "indent with spaces"
    } else if problem.contains("cannot start any token") {
      hint = "indent with spaces, and put text that begins with a special character in quotes"
    } else if let context = parser.pointee.context {
      let start = cursor.position(ofCharacter: parser.pointee.context_mark.index)
      hint = "it was found \(String(cString: context)) that starts at \(start)"
    }
    return ConfigurationFault(problem, at: position, hint: hint)
  }
}
