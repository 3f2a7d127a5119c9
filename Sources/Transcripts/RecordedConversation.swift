internal import III

/// Writes down what peers and an engine say to each other, as the steps of a recording.
package struct RecordedConversation: Sendable {
  /// A WebSocket message.
  package enum Message: Sendable {
    case text(String)
    case binary([UInt8])

    /// As recordings show it: text that is JSON as JSON, binary in base64, or its length if it is too long to be quoted.
    package var json: JSON {
      switch self {
      case .text(let text): (try? JSON.parse(text)) ?? .object([("text", .string(text))])
      case .binary(let bytes) where bytes.count <= Self.quotedBytes:
        .object([("base64", .string(Base64.encode(bytes)))])
      case .binary(let bytes): .object([("bytes", .number("\(bytes.count)"))])
      }
    }

    var count: Int {
      switch self {
      case .text(let text): text.utf8.count
      case .binary(let bytes): bytes.count
      }
    }

    private static let quotedBytes = 4096
  }

  /// The steps so far.
  package private(set) var steps: [JSON] = []
  /// Whether messages were left out because there were too many bytes.
  package private(set) var isCut = false
  private var names = PlaceholderNames()
  private var peers = 0
  private var bytes = 0
  private let limit: Int

  /// `limit`: the most bytes of messages that are kept.
  package init(limit: Int = 256 << 20) { self.limit = limit }

  /// A peer has connected, or was refused; returns its name for the other steps.
  package mutating func opened(
    path: String, headers: [(key: String, value: String)], refused: (status: Int, body: String)? = nil
  ) -> String {
    peers += 1
    let name = "peer\(peers)"
    let shown = headers.map { ($0.key, JSON.string(Self.isSecret($0.key) ? "[REDACTED]" : names.named($0.value))) }
    var step: [(key: String, value: JSON)] = [
      ("peer", .string(name)),
      (
        "open",
        .object([("path", .string(names.named(path))), ("headers", .object(shown)), ("port", .string("main"))])
      ),
    ]
    if let refused {
      step.append(("refused", .number("\(refused.status)")))
      step.append(("body", (try? JSON.parse(refused.body)) ?? .string(refused.body)))
    } else {
      step.append(("accepted", .bool(true)))
    }
    steps.append(.object(step))
    return name
  }

  /// A peer has sent a message to the engine.
  package mutating func sent(_ message: Message, by peer: String) {
    guard fits(message) else { return }
    steps.append(.object([("peer", .string(peer)), ("send", names.namedByWorker(message.json))]))
  }

  /// The engine has sent a message to a peer.
  package mutating func received(_ message: Message, by peer: String) {
    guard fits(message) else { return }
    steps.append(.object([("peer", .string(peer)), ("receive", names.namedByEngine(message.json))]))
  }

  /// A peer has ended its connection, with a Close or without one.
  package mutating func left(_ peer: String, code: UInt16?, isAbort: Bool) {
    steps.append(
      .object([
        ("peer", .string(peer)), isAbort ? ("abort", .bool(true)) : ("close", .number("\(code ?? 1000)")),
      ]))
  }

  /// The engine has ended a peer's connection; code 1006 is without a Close.
  package mutating func closed(_ peer: String, code: UInt16, reason: String) {
    let end = JSON.object([("code", .number("\(code)")), ("reason", .string(reason))])
    steps.append(.object([("peer", .string(peer)), ("closed", end)]))
  }

  private mutating func fits(_ message: Message) -> Bool {
    bytes += message.count
    if bytes > limit { isCut = true }
    return !isCut
  }

  /// Whether a header's value does not belong into a file.
  private static func isSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["auth", "cookie", "token", "key", "secret", "password"].contains { name.contains($0) }
  }
}
