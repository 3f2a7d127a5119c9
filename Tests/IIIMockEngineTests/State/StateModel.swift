import III

/// `iii-state` as short as it can be written: values as trees, scopes as lists.
struct StateModel {
  var scopes: [String: [(key: String, value: JSONValue)]] = [:]

  func value(_ scope: String, _ key: String) -> JSONValue? { scopes[scope]?.first { $0.key == key }?.value }

  /// Returns the value before.
  mutating func set(_ scope: String, _ key: String, _ value: JSONValue) -> JSONValue? {
    let old = self.value(scope, key)
    if let place = scopes[scope]?.firstIndex(where: { $0.key == key }) {
      scopes[scope]?[place].value = value
    } else {
      scopes[scope, default: []].append((key, value))
    }
    return old
  }

  mutating func delete(_ scope: String, _ key: String) -> JSONValue? {
    let old = value(scope, key)
    scopes[scope]?.removeAll { $0.key == key }
    return old
  }

  /// Returns the codes of the operations that failed.
  mutating func update(_ scope: String, _ key: String, _ operations: [JSONValue]) -> (JSONValue?, [String]) {
    var value = self.value(scope, key) ?? [:]
    var isMissing = self.value(scope, key) == nil
    var codes: [String] = []
    for operation in operations {
      if let code = StateModel.apply(operation, &value, isMissing) { codes.append(code) } else { isMissing = false }
    }
    return (set(scope, key, value), codes)
  }

  /// Applies an operation; returns the code of its failure.
  static func apply(_ operation: JSONValue, _ value: inout JSONValue, _ isMissing: Bool) -> String? {
    guard case .string(let name)? = operation["type"] else { return "no type" }
    let path = path(operation)
    let argument = operation["value"] ?? .null
    if path.contains("__proto__") { return "\(name).path.proto_polluted" }
    if name == "merge" {
      guard case .object(let members) = argument else { return "merge.value.not_an_object" }
      if members["__proto__"] != nil { return "merge.value.proto_polluted" }
      if path.isEmpty, case .object = value {} else if path.isEmpty { return nil }
      change(&value, path) { target in
        var object = JSONObject()
        if case .object(let members)? = target { object = members }
        for (key, value) in members { object[key] = .some(value) }
        target = .object(object)
      }
      return nil
    }
    if !path.isEmpty { guard case .object = value else { return "\(name).target_not_object" } }
    var code: String?
    func sum(_ number: Int128, _ by: Int128) -> JSONValue? {
      let sum = integer(number + by)
      if sum == nil { code = "\(name).not_number" }
      return sum
    }
    change(&value, path) { target in
      let current = path.isEmpty && isMissing ? nil : target
      switch name {
      case "set": target = argument
      case "remove": target = path.isEmpty ? .null : nil
      case "append":
        switch (current, argument) {
        case (.array(let values)?, _): target = .array(values + [argument])
        case (.string(let a)?, .string(let b)): target = .string(a + b)
        case (.null?, .string): target = argument
        case (nil, .string) where path.count < 2: target = argument
        case (.null?, _), (nil, _): target = [argument]
        default: code = "append.type_mismatch"
        }
      default:
        let by = Int128(Int64(argument.jsonString()) ?? 0) * (name == "increment" ? 1 : -1)
        switch current {
        case nil: target = integer(by)
        case .int(let number)?: target = sum(Int128(number), by) ?? current
        case .uint(let number)?: target = sum(Int128(number), by) ?? current
        case .double(let number)?: target = .double(number + Double(by))
        default: code = "\(name).not_number"
        }
      }
    }
    return code
  }

  private static func path(_ operation: JSONValue) -> [String] {
    switch operation["path"] {
    case .string(let key)?: key.isEmpty ? [] : [key]
    case .array(let keys)?: keys.compactMap { if case .string(let key) = $0 { key } else { nil } }
    default: []
    }
  }

  private static func change(_ value: inout JSONValue, _ path: [String], _ body: (inout JSONValue?) -> Void) {
    guard let key = path.first else {
      var whole: JSONValue? = value
      body(&whole)
      value = whole ?? .null
      return
    }
    var object = JSONObject()
    if case .object(let members) = value { object = members }
    if path.count == 1 {
      body(&object[key])
    } else {
      var next = object[key] ?? [:]
      change(&next, Array(path.dropFirst()), body)
      object[key] = .some(next)
    }
    value = .object(object)
  }

  private static func integer(_ number: Int128) -> JSONValue? {
    if let number = Int64(exactly: number) { return .int(number) }
    return UInt64(exactly: number).map { .uint($0) }
  }
}
