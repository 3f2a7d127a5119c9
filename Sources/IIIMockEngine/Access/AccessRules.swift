public import III

/// Access control of one listener: who may connect, what they may call, and who is asked about registrations.
///
/// The same members as `rbac` in a configuration file. A listener without rules lets every worker do everything.
///
/// ```swift
/// var configuration = MockEngine.Configuration()
/// configuration.listeners = [
///   .init(),
///   .init(access: AccessRules(authFunctionID: "auth::check", exposeFunctions: [.matching("public::*")])),
/// ]
/// ```
public struct AccessRules: Sendable, Hashable {
  /// A function that is called for each new connection; its result is an `AuthResult`, its error refuses the
  /// connection. Without it everybody may connect.
  public var authFunctionID: String?
  /// The functions that workers of this listener may call, besides those that their session allows and those of the
  /// infrastructure. A function needs one filter that matches it.
  public var exposeFunctions: [FunctionFilter]
  /// A function that is asked before a worker registers a function. An object as its result allows the registration
  /// and may change it; anything else denies it.
  public var onFunctionRegistrationFunctionID: String?
  /// A function that is asked before a worker registers a trigger.
  public var onTriggerRegistrationFunctionID: String?
  /// A function that is asked before a worker registers a trigger type.
  public var onTriggerTypeRegistrationFunctionID: String?

  /// Rules that expose nothing, unless filters are given.
  public init(
    authFunctionID: String? = nil, exposeFunctions: [FunctionFilter] = [],
    onFunctionRegistrationFunctionID: String? = nil, onTriggerRegistrationFunctionID: String? = nil,
    onTriggerTypeRegistrationFunctionID: String? = nil
  ) {
    self.authFunctionID = authFunctionID
    self.exposeFunctions = exposeFunctions
    self.onFunctionRegistrationFunctionID = onFunctionRegistrationFunctionID
    self.onTriggerRegistrationFunctionID = onTriggerRegistrationFunctionID
    self.onTriggerTypeRegistrationFunctionID = onTriggerTypeRegistrationFunctionID
  }
}

/// Which functions a listener exposes: by their id, or by the metadata that they were registered with.
public struct FunctionFilter: Sendable, Hashable {
  /// What a member of a function's metadata must be.
  public struct Condition: Sendable, Hashable {
    enum Value: Sendable, Hashable {
      case equals(JSONValue)
      case matching(WildcardPattern)
    }

    let key: String
    let value: Value

    /// The member is there and equals `value`. Integers and floating point numbers differ: `1` is not `1.0`.
    public static func equals(_ key: String, _ value: JSONValue) -> Condition {
      Condition(key: key, value: .equals(value))
    }

    /// The member is a string that matches a pattern, in which `*` stands for any text.
    public static func matching(_ key: String, _ pattern: String) -> Condition {
      Condition(key: key, value: .matching(WildcardPattern(pattern)))
    }
  }

  enum Kind: Sendable, Hashable {
    case pattern(WildcardPattern)
    case metadata([Condition])
  }

  let kind: Kind

  /// Functions whose id matches a pattern, in which `*` stands for any text, also across `::`.
  public static func matching(_ pattern: String) -> FunctionFilter {
    FunctionFilter(kind: .pattern(WildcardPattern(pattern)))
  }

  /// Functions whose metadata is an object that meets all conditions.
  public static func metadata(_ conditions: [Condition]) -> FunctionFilter {
    FunctionFilter(kind: .metadata(conditions))
  }
}

extension FunctionFilter {
  /// Whether the filter matches a function. Metadata is read only where the filter needs it.
  func matches(_ id: ByteView, metadata: () -> JSONValue?) -> Bool {
    switch kind {
    case .pattern(let pattern): return pattern.matches(id)
    case .metadata(let conditions):
      guard case .object(let members)? = metadata() else { return false }
      return conditions.allSatisfy { condition in
        guard let value = members[condition.key] else { return false }
        return condition.isMet(by: value)
      }
    }
  }
}

extension FunctionFilter {
  /// What `match("…")` or `match('…')` contains; nil if the text has another form.
  static func quotedPattern(_ text: String) -> String? {
    guard text.hasPrefix("match("), text.hasSuffix(")") else { return nil }
    let inner = text.dropFirst(6).dropLast()
    guard inner.utf8.count >= 2, let quote = inner.first, quote == inner.last, quote == "\"" || quote == "'" else {
      return nil
    }
    return String(inner.dropFirst().dropLast())
  }
}

extension FunctionFilter: CustomStringConvertible {
  /// The filter as a configuration file has it.
  public var description: String {
    switch kind {
    case .pattern(let pattern): "match(\"\(pattern.text)\")"
    case .metadata(let conditions): "metadata: {" + conditions.map(\.text).joined(separator: ", ") + "}"
    }
  }
}

extension FunctionFilter.Condition {
  fileprivate func isMet(by found: JSONValue) -> Bool {
    switch value {
    case .equals(let wanted): return wanted.isSameJSON(as: found)
    case .matching(let pattern):
      guard case .string(let text) = found else { return false }
      return pattern.matches(text)
    }
  }

  fileprivate var text: String {
    switch value {
    case .equals(let value): "\(key): \(value.jsonString())"
    case .matching(let pattern): "\(key): match(\"\(pattern.text)\")"
    }
  }
}

extension JSONValue {
  /// Equality as the real engine has it: an integer is never a floating point number, texts are compared byte by byte.
  fileprivate func isSameJSON(as other: JSONValue) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.uint(let a), .uint(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isSameJSON(as: $1) }
    case (.object(let a), .object(let b)):
      a.count == b.count
        && a.allSatisfy { key, value in b[key].map { value.isSameJSON(as: $0) } ?? false }
    default: false
    }
  }
}
