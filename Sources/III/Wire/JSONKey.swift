/// A coding key for any member name or index.
enum JSONKey: CodingKey {
  case name(String)
  case index(Int)

  init(_ text: String) { self = .name(text) }

  init?(stringValue: String) { self = .name(stringValue) }

  init(index: Int) { self = .index(index) }

  init?(intValue: Int) { self = .index(intValue) }

  var stringValue: String {
    switch self {
    case .name(let text): text
    // The text of Foundation's coder.
    case .index(let index): "Index \(index)"
    }
  }

  var intValue: Int? {
    switch self {
    case .name: nil
    case .index(let index): index
    }
  }
}
