public import III

/// Something that happened in an engine: an entry of its journal.
///
/// See ``MockEngine/journal``.
public struct JournalEntry: Sendable, Hashable, CustomStringConvertible {
  /// What happened.
  public enum Event: Sendable, Hashable {
    /// A connection was accepted on the listener with this number.
    case opened(address: String, listener: Int)
    /// A connection was refused, by a fault.
    case refused(reason: String)
    /// A connection ended.
    case closed(reason: String)
    /// A WebSocket message, ping or pong, and what became of it.
    case frame(JournalFrame)
    /// Access control denied something.
    case denied(AccessDenial)
    /// A frame was ignored; the entry before it is the frame.
    case ignored(Diagnostic)
    /// A fault had an effect.
    case fault(id: Int, fault: String, effect: String)
    /// Another event of the engine's log.
    case noted(EngineEvent)
  }

  /// The entry's number; the engine's first entry is 1.
  public let number: UInt64
  /// The time since the engine's start, by the engine's clock.
  public let time: Duration
  /// The connection that the entry is about; `nil` for none.
  public let connection: JournalConnection?
  /// What happened.
  public let event: Event

  /// The frame, if the entry is one.
  public var frame: JournalFrame? { if case .frame(let frame) = event { frame } else { nil } }
}

/// A connection, as the journal names it.
public struct JournalConnection: Sendable, Hashable, CustomStringConvertible {
  /// The connections of an engine are numbered from 1 on, in the order in which they were accepted.
  public let number: Int
  /// The worker at its other end; `nil` for a connection that is no worker's.
  public let worker: WorkerLabel?
  /// What it is if it is no worker's, as `a telemetry connection`.
  public let role: String

  /// The worker or the role, as `orders (3f2a90c1)`.
  public var description: String { worker?.description ?? "\(role) (connection \(number))" }
}

/// A frame in the journal.
public struct JournalFrame: Sendable, Hashable {
  /// Which way a frame went.
  public enum Direction: String, Sendable, Hashable, CaseIterable {
    /// From a peer to the engine.
    case received
    /// From the engine to a peer.
    case sent
  }

  /// What kind of WebSocket frame it is.
  public enum Form: String, Sendable, Hashable, CaseIterable {
    case text, binary, ping, pong
  }

  /// What the engine did with a call that it received.
  public enum Route: Sendable, Hashable {
    /// It passed the call on to a worker.
    case worker(WorkerLabel)
    /// A built-in worker executed it.
    case builtIn
    /// No function with the id is registered.
    case notFound
    /// Access control, or a fault, denied it.
    case denied
    /// The listener's middleware was called in its place.
    case middleware
    /// It was put into a queue, or refused by it.
    case queue
    /// A stub answers it, or holds it.
    case stub
  }

  /// Which way it went.
  public let direction: Direction
  /// What kind of WebSocket frame it is.
  public let form: Form
  /// Its kind; `nil` if it has no known one.
  public let type: MessageType?
  /// The function that it is about: that is called, answers, or is registered.
  public let functionID: String?
  /// The call that it belongs to, a UUID.
  public let invocationID: String?
  /// Its length in bytes.
  public let size: Int
  /// Its text; of a long frame the first part (``JournalSettings/maxFrameBytes``). Secrets are in it as they were sent.
  public let text: String
  /// Whether `text` is a part of the frame only.
  public let isCut: Bool
  /// The payload of a call, the result of an answer; `nil` if there is none, and if the frame was cut.
  public let payload: JSONValue?
  /// What the engine did with it, if it is a call that the engine received.
  public let route: Route?
  /// The number of the entry whose frame this one passes on; `nil` if the engine made it, or if that entry was dropped.
  public let source: UInt64?
}

/// A call, put together from the frames of the journal.
public struct RecordedInvocation: Sendable, Hashable {
  /// How a call ended.
  public enum Outcome: Sendable, Hashable {
    /// It has not ended.
    case pending
    /// The function returned a value; `null` where it returned none.
    case returned(JSONValue)
    /// It ended with an error.
    case failed(code: String, message: String)
  }

  /// The function that was called.
  public let functionID: String
  /// The call's id, a UUID; `nil` if its caller gave none and a built-in worker executed it.
  public let invocationID: String?
  /// What the caller sent; `nil` if the frame was too long to be kept.
  public let payload: JSONValue?
  /// Who called; `nil` if the engine did, for a trigger or a queue.
  public let caller: WorkerLabel?
  /// Who was called; `nil` if a built-in worker was.
  public let callee: WorkerLabel?
  /// When the call came, since the engine's start by the engine's clock.
  public let begin: Duration
  /// How long it took until its answer; `nil` if it has not ended.
  public internal(set) var duration: Duration?
  /// How it ended.
  public internal(set) var outcome: Outcome

  /// The value that was returned; `nil` if the call failed or has not ended.
  public var result: JSONValue? { if case .returned(let value) = outcome { value } else { nil } }
  /// The code of the error; `nil` if there was none.
  public var errorCode: String? { if case .failed(let code, _) = outcome { code } else { nil } }
}

extension JournalEntry {
  /// One line: the number, the time in seconds, the connection, and what happened. Secrets are redacted.
  public var description: String {
    let seconds = time.components.seconds
    let millis = time.components.attoseconds / 1_000_000_000_000_000
    let padded = String(repeating: "0", count: 3 - "\(millis)".count) + "\(millis)"
    return "#\(number) \(seconds).\(padded)s \(connection.map { "\($0): " } ?? "")\(event.text)"
  }
}

extension JournalEntry.Event {
  fileprivate var text: String {
    switch self {
    case .opened(let address, let listener): "connected from \(address) to listener \(listener)"
    case .refused(let reason): "refused: \(reason)"
    case .closed(let reason): "disconnected: \(reason)"
    case .frame(let frame): frame.description
    case .denied(let denial): "denied: \(denial)"
    case .ignored(let diagnostic): "ignored: \(diagnostic)"
    case .fault(let id, let fault, let effect): "fault \(id) (\(fault)): \(effect)"
    case .noted(let event): "\(event)"
    }
  }
}

extension JournalFrame: CustomStringConvertible {
  /// One line, without secrets: `received invokefunction of 'f' (120 bytes) {"n":1}`.
  public var description: String {
    let name =
      type?.rawValue
      ?? (form == .text ? "a text message" : form == .binary ? "a binary message" : "a WebSocket \(form)")
    let function = functionID.map { " of '\($0)'" } ?? ""
    let payload = self.payload.map { " " + Redaction.text(of: $0, limit: 200) } ?? ""
    return "\(direction) \(name)\(function) (\(size) bytes)\(payload)"
  }
}
