internal import III

/// A function's id as messages spell it: shared by its entry and by the calls under way.
final class FunctionName {
  let text: String
  /// As a JSON string, with quotes.
  let quoted: [UInt8]
  /// How many calls of it have ended.
  var calls: Int64 = 0

  init(_ text: String) {
    self.text = text
    quoted = JSONText.quoted(text)
  }
}

/// Who executes a function.
enum FunctionTarget {
  case worker(PeerID)
  case builtIn(BuiltIn)
}

/// A registered function.
struct FunctionEntry {
  let name: FunctionName
  var target: FunctionTarget
  var description: String?
  /// JSON, as it was registered.
  var requestFormat: [UInt8]?
  var responseFormat: [UInt8]?
  var metadata: [UInt8]?
}

/// The engine's one flat table of functions: the newest registration of an id wins, and only its owner removes it.
struct FunctionTable {
  private var table = ByteTable<FunctionEntry>()
  /// Set by every change; whoever has looked clears it.
  var hasChanged = false

  var count: Int { table.count }
  var all: [FunctionEntry] { table.values }

  subscript(index: Int) -> FunctionEntry { table[index] }

  /// What is needed to route a call, without copying the entry.
  struct Route {
    let target: FunctionTarget
    let name: FunctionName
  }

  func route(_ id: WireString) -> Route? {
    guard let index = id.withUTF8({ table.find($0) }) else { return nil }
    return Route(target: table[index].target, name: table[index].name)
  }

  func entry(_ id: String) -> FunctionEntry? {
    Array(id.utf8).withView { key in table.find(key).map { table[$0] } }
  }

  /// Registers a function; returns the one that had its id.
  @discardableResult mutating func register(_ entry: FunctionEntry) -> FunctionEntry? {
    hasChanged = true
    return Array(entry.name.text.utf8).withView { table.set($0, entry) }
  }

  /// Removes a function if `owner` is the one who has it.
  mutating func unregister(_ id: String, owner: PeerID) -> FunctionEntry? {
    Array(id.utf8).withView { key in
      guard let index = table.find(key), case .worker(owner) = table[index].target else { return nil }
      hasChanged = true
      return table.remove(key)
    }
  }
}
