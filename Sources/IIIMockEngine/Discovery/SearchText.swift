/// A text that is searched for without regard to case.
struct SearchText {
  private let needle: [UInt8]

  init(_ text: String) { needle = Array(text.lowercased().utf8) }

  /// Whether it stands in `text`; nothing stands everywhere.
  func isIn(_ text: String) -> Bool {
    let hay = Array(text.lowercased().utf8)
    guard needle.count <= hay.count else { return false }
    return (0...hay.count - needle.count).contains { hay[$0...].starts(with: needle) }
  }
}
