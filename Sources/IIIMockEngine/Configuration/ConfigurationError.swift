/// Why a configuration file cannot be used: what is wrong, at which line and column, and what to do.
package struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    case missingFile, unreadableFile
    /// The text is not YAML, or not a configuration.
    case malformed
    /// A worker rejects its entry.
    case rejected
    /// `${NAME}` without a value and without a default. The real engine ends with status 101 then.
    case unsetVariable
  }

  package let kind: Kind
  package let path: String
  package let message: String
  package let position: SourcePosition?
  package let hint: String?

  /// The message, its place in the file and, in a second line, the hint.
  package var description: String {
    var text = message
    if let position {
      // The first line of a rejection is the real engine's text.
      text += kind == .rejected ? "\n  at \(position)" : " at \(position)"
      if kind != .malformed { text += " of '\(path)'" }
    }
    if let hint { text += "\nHint: \(hint)" }
    return text
  }

  /// A fault, with the name of the file it was found in.
  init(_ fault: ConfigurationFault, path: String) {
    kind = fault.kind
    self.path = path
    message = fault.kind == .malformed ? "Failed to parse config file '\(path)': \(fault.reason)" : fault.reason
    position = fault.position
    hint = fault.hint
  }

  init(kind: Kind, path: String, message: String, hint: String? = nil) {
    self.kind = kind
    self.path = path
    self.message = message
    position = nil
    self.hint = hint
  }
}

/// What is wrong at a place, without the name of the file.
struct ConfigurationFault: Error, Hashable {
  let reason: String
  let position: SourcePosition?
  let hint: String?
  let kind: ConfigurationError.Kind

  init(_ reason: String, at position: SourcePosition?, hint: String? = nil, kind: ConfigurationError.Kind = .malformed)
  {
    self.reason = reason
    self.position = position
    self.hint = hint
    self.kind = kind
  }
}
