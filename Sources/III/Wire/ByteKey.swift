/// A member's name that equals another only byte by byte; `String` takes canonical equivalents for equal.
struct ByteKey: Hashable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ByteKey, b: ByteKey) -> Bool { isSame(a.text, b.text) }

  func hash(into hasher: inout Hasher) { hasher.combine(text) }

  static func isSame(_ a: String, _ b: String) -> Bool {
    // Different texts may be equal strings, never the other way round.
    a.utf8.count == b.utf8.count && a == b && a.utf8.elementsEqual(b.utf8)
  }
}
