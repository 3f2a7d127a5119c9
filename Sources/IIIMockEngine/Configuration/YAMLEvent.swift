/// One step of a YAML text: what libyaml's parser says, as a value.
struct YAMLEvent: Equatable {
  enum Kind: Equatable {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool)
    case sequenceStart, sequenceEnd, mappingStart, mappingEnd
  }

  let kind: Kind
  /// The name behind `&`, and the tag, with its prefix resolved.
  var anchor: String?
  var tag: String?
  let position: SourcePosition
  /// The variable that a scalar's text, or a part of it, comes from.
  var variable: String?
}
