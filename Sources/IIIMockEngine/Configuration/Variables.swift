#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// The source of environment variables: the process, or a dictionary in tests.
package struct Variables: Sendable {
  private let lookUp: @Sendable (String) -> String?

  /// The variables of this process. A value that is not UTF-8 counts as not set.
  package static let process = Variables { name in
    guard let value = getenv(name) else { return nil }
    return String(validatingCString: value)
  }

  package init(_ variables: [String: String]) {
    lookUp = { variables[$0] }
  }

  private init(lookUp: @escaping @Sendable (String) -> String?) {
    self.lookUp = lookUp
  }

  /// The variable's value, `nil` if it is not set.
  package subscript(name: String) -> String? { lookUp(name) }
}
