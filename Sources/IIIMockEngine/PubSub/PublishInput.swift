internal import III

/// The input of `publish`.
struct PublishInput {
  let topic: [UInt8]
  /// What subscribers are called with, as its sender spelled it.
  let data: [UInt8]

  /// - Throws: The reason, in the words of the real engine's decoder.
  init(_ json: ByteView, named name: String) throws(InputMismatch) {
    guard var members = ObjectMembers(json) else { throw .invalidType(of: json, expected: "struct \(name)") }
    var found: (topic: ByteView?, data: ByteView?)
    while let member = members.next() {
      if member.isNamed("topic") {
        found.topic = member.value
      } else if member.isNamed("data") {
        found.data = member.value
      }
    }
    guard let topic = found.topic else { throw .missing("topic") }
    guard JSONText.isString(topic) else { throw .invalidType(of: topic, expected: "a string") }
    guard let data = found.data else { throw .missing("data") }
    self.topic = Array(JSONText.unquote(topic).utf8)
    self.data = data.array
  }

  init(topic: [UInt8], data: [UInt8]) {
    self.topic = topic
    self.data = data
  }
}
