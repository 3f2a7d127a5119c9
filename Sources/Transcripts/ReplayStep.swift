/// A step of a recording, as a replay of the engine's side reads it.
enum ReplayStep: Sendable {
  /// A worker connects, and is accepted or refused.
  case open(path: String, refusal: (status: Int, body: String)?)
  /// A worker sends a message.
  case send(JSON)
  /// A worker ends its connection.
  case leave
  /// The engine sends a message.
  case answer(JSON)
  /// The engine ends a connection; `nil` without a Close.
  case close(code: UInt16?, reason: String)

  /// Whether the engine makes this step.
  var isEngines: Bool {
    switch self {
    case .answer, .close: true
    case .open, .send, .leave: false
    }
  }

  /// The steps of the engine and the workers that a recorded step stands for: none for a wait.
  ///
  /// - Throws: What is wrong with it.
  static func read(_ step: JSON) throws(Transcript.Unreadable) -> [(peer: String, step: ReplayStep)] {
    if step["sleep"] != nil { return [] }
    guard let peer = step["peer"]?.string else { throw unknown(step) }
    if let open = step["open"] {
      guard let path = open["path"]?.string else { throw unknown(step) }
      let refusal = step["refused"]?.int.map { (status: $0, body: bodyText(step["body"])) }
      return [(peer, .open(path: path, refusal: refusal))]
    }
    if let message = step["send"] { return [(peer, .send(message))] }
    if let message = step["receive"] {
      if case .null = message { return [] }
      return [(peer, .answer(message))]
    }
    if step["quiet"] != nil { return (step["rest"]?.array ?? []).map { (peer, .answer($0)) } }
    if step["close"] != nil || step["abort"] != nil { return [(peer, .leave)] }
    switch step["closed"] {
    case .null?, .bool(false)?: return []
    case .bool(true)?: return [(peer, .close(code: nil, reason: ""))]
    case let end?:
      guard let code = end["code"]?.int.flatMap({ UInt16(exactly: $0) }) else { throw unknown(step) }
      // 1005 and 1006 say that there was no code, or no Close; neither is ever sent.
      return [(peer, .close(code: code == 1005 || code == 1006 ? nil : code, reason: end["reason"]?.string ?? ""))]
    case nil: throw unknown(step)
    }
  }

  private static func unknown(_ step: JSON) -> Transcript.Unreadable {
    Transcript.Unreadable(description: "a step cannot be replayed: \(step.text.prefix(200))")
  }

  private static func bodyText(_ body: JSON?) -> String {
    switch body {
    case nil, .null?: ""
    case .string(let text)?: text
    case let value?: value.text
    }
  }
}
