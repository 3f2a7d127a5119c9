internal import III

/// The working copy of `state::update`: operations are applied one by one, and those that fail are skipped.
struct StateUpdate {
  private var current: EditableJSON
  /// There was no value, and no operation has been applied yet: the root counts as absent.
  private var isMissing: Bool
  private(set) var problems: [(index: Int, problem: UpdateProblem)] = []

  /// - Parameter stored: The value before the update; `nil` if the key is not there.
  init(_ stored: [UInt8]?) {
    current = stored.map { EditableJSON($0) } ?? .emptyObject
    isMissing = stored == nil
  }

  var result: [UInt8] { current.bytes }

  mutating func apply(_ operations: [UpdateOperation]) {
    for (index, operation) in operations.enumerated() {
      if let problem = operation.problem ?? apply(operation) {
        problems.append((index, problem))
      } else {
        isMissing = false
      }
    }
  }

  private mutating func apply(_ operation: UpdateOperation) -> UpdateProblem? {
    switch operation.action {
    case .set(let value): return set(operation, EditableJSON(value))
    case .remove: return remove(operation)
    case .increment(let by): return add(operation, Int128(by))
    case .decrement(let by): return add(operation, -Int128(by))
    case .merge(let value):
      merge(operation.path[...], value)
      return nil
    case .append(let value): return append(operation, value)
    }
  }

  private mutating func set(_ operation: UpdateOperation, _ value: EditableJSON) -> UpdateProblem? {
    guard let key = operation.path.first else {
      current = value
      return nil
    }
    guard current.kind == .object else { return .target(of: operation, is: current.kind) }
    current.setMember(key, value)
    return nil
  }

  private mutating func remove(_ operation: UpdateOperation) -> UpdateProblem? {
    guard let key = operation.path.first else {
      current = .null
      return nil
    }
    guard current.kind == .object else { return .target(of: operation, is: current.kind) }
    current.removeMember(key)
    return nil
  }

  private mutating func add(_ operation: UpdateOperation, _ amount: Int128) -> UpdateProblem? {
    func start() -> EditableJSON { EditableJSON(Array("\(amount)".utf8)) }
    guard let key = operation.path.first else {
      if isMissing {
        current = start()
        return nil
      }
      return current.add(amount) ? nil : .notANumber(operation, current.kind)
    }
    guard current.kind == .object else { return .target(of: operation, is: current.kind) }
    let outcome = current.modifyMember(key) { value in
      value.add(amount) ? nil : UpdateProblem.notANumber(operation, value.kind)
    }
    if let outcome { return outcome }
    current.setMember(key, start())
    return nil
  }

  private mutating func merge(_ path: ArraySlice<[UInt8]>, _ value: [UInt8]) {
    if path.isEmpty {
      if current.kind == .object { current.merge(value) }
    } else {
      current.makeObject()
      current.reach(path) { $0.merge(value) }
    }
  }

  private mutating func append(_ operation: UpdateOperation, _ value: [UInt8]) -> UpdateProblem? {
    let path = operation.path
    guard let leaf = path.last else {
      if isMissing { current = .null }
      return current.append(value, operation)
    }
    guard current.kind == .object else { return .target(of: operation, is: current.kind) }
    if path.count == 1 { return current.append(value, toMember: leaf, operation) { EditableJSON.appended(value) } }
    return current.reach(path.dropLast()) { parent in
      parent.append(value, toMember: leaf, operation) { EditableJSON.array(of: value) }
    }
  }
}

extension EditableJSON {
  /// Goes down from an object to the object at `path`; what is not an object on the way becomes `{}`.
  fileprivate mutating func reach<Result>(
    _ path: ArraySlice<[UInt8]>, _ body: (inout EditableJSON) -> Result
  ) -> Result {
    guard let key = path.first else { return body(&self) }
    let found = modifyMember(key) { member in
      member.makeObject()
      return member.reach(path.dropFirst(), body)
    }
    if let found { return found }
    var next = EditableJSON.emptyObject
    let result = next.reach(path.dropFirst(), body)
    setMember(key, next)
    return result
  }

  /// Appends to the value of a member, or makes the member where there is none.
  fileprivate mutating func append(
    _ value: [UInt8], toMember key: [UInt8], _ operation: UpdateOperation, orSet start: () -> EditableJSON
  ) -> UpdateProblem? {
    if let outcome = modifyMember(key, { $0.append(value, operation) }) { return outcome }
    setMember(key, start())
    return nil
  }

  fileprivate mutating func append(_ value: [UInt8], _ operation: UpdateOperation) -> UpdateProblem? {
    switch kind {
    case .array: appendElement(value)
    case .null: self = EditableJSON.appended(value)
    case .string:
      let other = value.withView { Kind(of: $0) }
      guard other == .string else {
        return .appendMismatch(operation, "Expected string append value at path", ", got \(other.rawValue).")
      }
      appendText(value)
    case .object, .number, .boolean:
      return .appendMismatch(
        operation, "Cannot append at path",
        ": target is \(kind.rawValue), expected array, string, null, or missing field.")
    }
    return nil
  }

  /// What an append to nothing makes: a string stays a string, any other value becomes an array.
  fileprivate static func appended(_ value: [UInt8]) -> EditableJSON {
    value.withView { Kind(of: $0) } == .string ? EditableJSON(value) : array(of: value)
  }

  fileprivate static func array(of value: [UInt8]) -> EditableJSON {
    EditableJSON([UInt8(ascii: "[")] + value + [UInt8(ascii: "]")])
  }
}

extension UpdateProblem {
  fileprivate static func target(of operation: UpdateOperation, is kind: EditableJSON.Kind) -> UpdateProblem {
    var path = place(operation)
    if case .append = operation.action {
      path = "[" + operation.path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ") + "]"
    }
    return UpdateProblem(
      code: "\(operation.name).target_not_object",
      message: "Cannot \(operation.name) at path '\(path)': target is \(kind.rawValue), expected object.")
  }

  fileprivate static func notANumber(_ operation: UpdateOperation, _ kind: EditableJSON.Kind) -> UpdateProblem {
    UpdateProblem(
      code: "\(operation.name).not_number",
      message: "Expected number at path '\(place(operation))', got \(kind.rawValue).")
  }

  fileprivate static func appendMismatch(
    _ operation: UpdateOperation, _ before: String, _ after: String
  ) -> UpdateProblem {
    UpdateProblem(code: "append.type_mismatch", message: "\(before) '\(place(operation))'\(after)")
  }

  /// The last key of the path.
  private static func place(_ operation: UpdateOperation) -> String {
    operation.path.last.map { String(decoding: $0, as: UTF8.self) } ?? "root"
  }
}
