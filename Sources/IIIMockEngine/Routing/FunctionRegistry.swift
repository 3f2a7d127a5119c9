internal import III

/// A function's id as messages spell it: shared by its entry and by the calls in flight.
final class FunctionName {
  let key: ByteKey
  /// As a JSON string, with quotes.
  let quoted: [UInt8]
  /// The id under which the owner knows the function, if that is another one, as a JSON string: without the prefix that
  /// its session puts in front.
  let localQuoted: [UInt8]?
  /// How many calls of it have ended.
  var calls: Int64 = 0
  /// As the journal counts: calls that were passed on, and calls that have ended.
  @exclusivity(unchecked) var invoked: Int64 = 0
  @exclusivity(unchecked) var ended: Int64 = 0

  var text: String { key.text }

  /// What the owner is sent, as a JSON string.
  var calleeQuoted: [UInt8] { localQuoted ?? quoted }

  init(_ text: String, local: String? = nil) {
    key = ByteKey(text)
    quoted = JSONText.quoted(text)
    localQuoted = local.map(JSONText.quoted)
  }
}

/// Who executes a function.
enum FunctionTarget {
  case worker(PeerID)
  case builtIn(BuiltInTarget)
  /// The engine, at the URL with which a worker has registered it.
  case http(owner: PeerID)
  /// A stub of a test.
  case stub

  /// The worker that has registered the function, if one has.
  var owner: PeerID? {
    switch self {
    case .worker(let owner), .http(let owner): owner
    case .builtIn, .stub: nil
    }
  }

  fileprivate func isOf(_ builtIn: BuiltInID) -> Bool {
    if case .builtIn(let target) = self { target.worker == builtIn } else { false }
  }
}

/// A registered function.
struct FunctionEntry {
  var name: FunctionName
  var target: FunctionTarget
  var description: String?
  /// JSON, as it was registered.
  var requestFormat: [UInt8]?
  var responseFormat: [UInt8]?
  var metadata: [UInt8]?
  /// How it is called over HTTP, if it is.
  var http: HTTPFunction?
}

/// The engine's functions: the newest registration of an id wins, and only its owner removes it.
///
/// Registering, removing and finding a function cost the same however many there are; what a worker has is linked, so
/// that its end costs as much as it had.
struct FunctionRegistry {
  private var table = ByteTable<FunctionEntry>()
  /// By number: a call looks at nothing else, and copies no entry.
  private var routes: [Route] = []
  /// By the owner's slot; functions of the engine are in none.
  private var owned = NumberLists()

  /// What stubs are in front of, by id.
  private var covered: [ByteKey: Covered] = [:]

  private struct Covered {
    /// `nil` if there is no function of that id.
    var entry: FunctionEntry?
  }

  /// Identifies the set of ids that are registered: the same for the same ids, whatever was registered and removed in
  /// between. 0 for the ids of `markUnchanged`.
  private(set) var fingerprint: UInt64 = 0
  /// Changes with every registration and removal.
  private(set) var version: UInt64 = 0

  var count: Int { table.count }
  /// For how many functions memory is held.
  var capacity: Int { table.capacity }
  var all: [FunctionEntry] { table.all }

  // MARK: Reading

  /// What is needed to route a call, without copying the entry.
  struct Route {
    let target: FunctionTarget
    let name: FunctionName
  }

  func route(_ id: WireString) -> Route? {
    id.withUTF8({ table.find($0) }).map { routes[Int($0)] }
  }

  func route(_ id: ByteKey) -> Route? { table.find(id).map { routes[Int($0)] } }

  func entry(_ id: ByteKey) -> FunctionEntry? { table[id] }

  /// The metadata that a function was registered with.
  func metadata(of id: ByteView) -> JSONValue? {
    guard let bytes = table.find(id).flatMap({ table[$0]?.metadata }) else { return nil }
    return bytes.withView { try? PayloadCoder.decode(JSONValue.self, from: $0) }
  }

  /// How many functions a worker has.
  func count(of owner: PeerID) -> Int { owned.count(of: owner.slot) }

  /// A worker's functions, in no order.
  func entries(of owner: PeerID) -> [FunctionEntry] { owned.numbers(of: owner.slot).compactMap { table[$0] } }

  /// Makes the ids that are registered now those whose fingerprint is 0.
  mutating func markUnchanged() { fingerprint = 0 }

  private static func hash(_ name: FunctionName) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(name.key)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }

  // MARK: Changing

  /// Registers a function; returns the one that had its id.
  @discardableResult mutating func register(_ entry: FunctionEntry) -> FunctionEntry? {
    let key = entry.name.key
    version &+= 1
    if !covered.isEmpty, covered[key] != nil { return registerCovered(entry) }
    if let number = table.find(key), let old = table[number] {
      unlink(number, old)
      table[number] = entry
      link(number, entry)
      return old
    }
    fingerprint &+= FunctionRegistry.hash(entry.name)
    link(table.set(key, entry).number, entry)
    return nil
  }

  /// Removes a function if `owner` is the one who has it.
  mutating func unregister(_ id: ByteKey, owner: PeerID) -> FunctionEntry? {
    if !covered.isEmpty, covered[id] != nil { return unregisterCovered(id, owner: owner) }
    guard let number = table.find(id), let entry = table[number], entry.target.owner == owner else {
      return nil
    }
    remove(number, entry)
    return entry
  }

  /// Removes what a worker has, and returns it in the order of the ids.
  mutating func unregisterAll(of owner: PeerID) -> [FunctionEntry] {
    var entries: [FunctionEntry] = []
    for number in owned.numbers(of: owner.slot) {
      guard let entry = table[number], entry.target.owner == owner else { continue }
      remove(number, entry, mayRebuild: false)
      entries.append(entry)
    }
    for id in covered.keys { if let entry = unregisterCovered(id, owner: owner) { entries.append(entry) } }
    rebuildIfSparse()
    return entries.sorted { $0.name.key < $1.name.key }
  }

  /// Removes the functions of a built-in worker; returns their names. What others have registered in their place stays.
  mutating func unregisterAll(ofBuiltIn worker: BuiltInID) -> [FunctionName] {
    var removed: [FunctionName] = []
    for entry in table.all where entry.target.isOf(worker) {
      guard let number = table.find(entry.name.key) else { continue }
      remove(number, entry, mayRebuild: false)
      removed.append(entry.name)
    }
    for (id, behind) in covered where behind.entry?.target.isOf(worker) ?? false {
      version &+= 1
      covered[id] = Covered(entry: nil)
    }
    rebuildIfSparse()
    return removed
  }

  // MARK: Stubs

  /// Puts a stub in front of a function, which is kept behind it; returns whether the id is new. Calls of both are counted together.
  mutating func cover(_ id: ByteKey) -> Bool {
    guard covered[id] == nil else { return false }
    guard let number = table.find(id), let entry = table[number] else {
      register(FunctionEntry(name: FunctionName(id.text), target: .stub))
      covered[id] = Covered(entry: nil)
      return true
    }
    version &+= 1
    covered[id] = Covered(entry: entry)
    unlink(number, entry)
    var front = entry
    front.target = .stub
    table[number] = front
    link(number, front)
    return false
  }

  /// Takes the stub away and gives the function back; returns the id's name if there is no function.
  mutating func uncover(_ id: ByteKey) -> FunctionName? {
    guard let entry = covered.removeValue(forKey: id)?.entry else {
      guard let number = table.find(id), let front = table[number], case .stub = front.target else { return nil }
      remove(number, front)
      return front.name
    }
    if let number = table.find(id), let front = table[number] { unlink(number, front) }
    link(table.set(id, entry).number, entry)
    version &+= 1
    return nil
  }

  /// The function behind a stub, or the one with this id if there is no stub.
  func uncovered(_ id: ByteKey) -> Route? {
    uncoveredEntry(id).map { Route(target: $0.target, name: $0.name) }
  }

  func uncoveredEntry(_ id: ByteKey) -> FunctionEntry? {
    if let covered = covered[id] { return covered.entry }
    return table[id]
  }

  private mutating func registerCovered(_ new: FunctionEntry) -> FunctionEntry? {
    let key = new.name.key
    guard let number = table.find(key), let front = table[number] else { return nil }
    let old = covered[key]?.entry
    var entry = new
    // The counts go on, unless the owner knows the function by another id.
    let keepsName = entry.name.localQuoted == nil && front.name.localQuoted == nil
    if keepsName { entry.name = front.name }
    covered[key] = Covered(entry: entry)
    unlink(number, front)
    var newFront = entry
    newFront.target = .stub
    table[number] = newFront
    link(number, newFront)
    guard var old else { return nil }
    // Whoever retires its counts would count them twice.
    if keepsName { old.name = FunctionName(key.text) }
    return old
  }

  private mutating func unregisterCovered(_ id: ByteKey, owner: PeerID) -> FunctionEntry? {
    guard var entry = covered[id]?.entry, entry.target.owner == owner else { return nil }
    version &+= 1
    covered[id] = Covered(entry: nil)
    entry.name = FunctionName(id.text)  // the stub goes on with the counts
    return entry
  }

  private mutating func remove(_ number: UInt32, _ entry: FunctionEntry, mayRebuild: Bool = true) {
    fingerprint &-= FunctionRegistry.hash(entry.name)
    version &+= 1
    unlink(number, entry)
    table.remove(number)
    if mayRebuild { rebuildIfSparse() }
  }

  private mutating func link(_ number: UInt32, _ entry: FunctionEntry) {
    let route = Route(target: entry.target, name: entry.name)
    if Int(number) == routes.count { routes.append(route) } else { routes[Int(number)] = route }
    if let owner = entry.target.owner { owned.insert(number, into: owner.slot) }
  }

  private mutating func unlink(_ number: UInt32, _ entry: FunctionEntry) {
    if let owner = entry.target.owner { owned.remove(number, from: owner.slot) }
  }

  /// Gives memory back after a peak.
  private mutating func rebuildIfSparse() {
    guard table.isSparse else { return }
    let entries = table.all
    table = ByteTable()
    routes = []
    owned = NumberLists()
    for entry in entries { link(table.set(entry.name.key, entry).number, entry) }
  }
}
