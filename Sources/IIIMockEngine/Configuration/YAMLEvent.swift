/// An event of libyaml's parser, as a value.
struct YAMLEvent: Equatable {
  enum Kind: Equatable {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool)
    case sequenceStart, sequenceEnd, mappingStart, mappingEnd
  }

  let kind: Kind
  /// The name after `&`, and the tag with its prefix resolved.
  var anchor: String?
  var tag: String?
  let position: SourcePosition
  /// The variable whose value the scalar's text contains.
  var variable: String?
}
