public import III

/// Something that goes wrong on purpose: a frame that is lost, a connection that is cut.
///
/// ```swift
/// engine.faults.add(.dropResult(of: "slow::*"))                       // the next result
/// engine.faults.add(.delay(.frames(.invokeFunction), by: .seconds(5)), times: 3)
/// engine.faults.add(.halfOpen(noticedBy: .engine, for: .seconds(30), worker: "orders"))
/// ```
///
/// Directions are the engine's, as in the journal: `received` frames come from a worker, `sent` ones go to it. In ids and names `*`
/// stands for any text. Frames of calls of `mock::…` functions never match, so that a test can always reach its engine.
public struct Fault: Sendable, Hashable {
  /// Which frames a fault concerns. What is not given matches everything.
  public struct Frames: Sendable, Hashable {
    var type: MessageType?
    var function: String?
    var worker: String?
    var direction: JournalFrame.Direction?
    var probability = 1.0
    var isOfChannels = false

    /// Messages between workers and the engine.
    ///
    /// - Parameters:
    ///   - type: Their kind.
    ///   - function: The function that is called, answers, or is registered; also the function of a trigger.
    ///   - worker: The name of the worker that sends or receives them.
    ///   - direction: Which way they go.
    ///   - probability: How likely each one is concerned, by a generator with the seed that `add` is given.
    public static func frames(
      _ type: MessageType? = nil, of function: String? = nil, worker: String? = nil,
      direction: JournalFrame.Direction? = nil, probability: Double = 1
    ) -> Frames {
      Frames(type: type, function: function, worker: worker, direction: direction, probability: probability)
    }

    /// Messages of channels, as they come from the writer.
    public static func channelMessages(probability: Double = 1) -> Frames {
      Frames(probability: probability, isOfChannels: true)
    }
  }

  /// What is made of a frame.
  public enum Corruption: String, Sendable, Hashable, CaseIterable {
    /// Its text ends in the middle.
    case truncated
    /// Its text is no JSON.
    case notJSON = "not_json"
    /// Its `type` is unknown.
    case unknownType = "unknown_type"
    /// It is 65 MiB long: longer than what SDKs take.
    case oversize
    /// Its text is not valid UTF-8.
    case badUTF8 = "bad_utf8"
  }

  /// A side of a connection.
  public enum Side: String, Sendable, Hashable, CaseIterable {
    case worker, engine
  }

  enum Kind: Sendable, Hashable {
    case refuseConnections
    case stallUpgrade(for: Duration?)
    case rejectUpgrade(status: Int)
    case close(code: UInt16?, reason: String)
    case reset, kill
    case halfOpen(noticedBy: Side, for: Duration)
    case blackhole(for: Duration?)
    case slice(bytes: Int)
    case limitBandwidth(bytesPerSecond: Int)
    case delay(Duration)
    case drop, duplicate, reorder
    case corrupt(Corruption)
    case deny
    case rejectRegistration
  }

  let kind: Kind
  var frames = Frames()
  /// The fault's name where several have the same kind.
  var label: String?

  // MARK: Connections that begin

  /// Connections are reset as soon as they are accepted: `times` of them.
  public static let refuseConnections = Fault(kind: .refuseConnections)

  /// The request of a worker's WebSocket is not answered, until `span` has passed or the fault is removed.
  public static func stallUpgrade(for span: Duration? = nil) -> Fault { Fault(kind: .stallUpgrade(for: span)) }

  /// The request of a worker's WebSocket is answered with an HTTP status and refused.
  public static func rejectUpgrade(status: Int = 503) -> Fault { Fault(kind: .rejectUpgrade(status: status)) }

  // MARK: Connections of workers

  /// A Close is sent and the connection ends: at once, and for workers that connect later, up to `times`.
  public static func close(_ code: UInt16? = 1012, reason: String = "", worker: String? = nil) -> Fault {
    Fault(kind: .close(code: code, reason: reason), frames: .frames(worker: worker))
  }

  /// As ``close(_:reason:worker:)``, when a frame matches; the frame itself passes.
  public static func close(_ code: UInt16? = 1012, reason: String = "", on frames: Frames) -> Fault {
    Fault(kind: .close(code: code, reason: reason), frames: frames)
  }

  /// The connection is reset: at once, and for workers that connect later, up to `times`.
  public static func reset(worker: String? = nil) -> Fault { Fault(kind: .reset, frames: .frames(worker: worker)) }

  /// As ``reset(worker:)``, when a frame matches; the frame itself passes.
  public static func reset(on frames: Frames) -> Fault { Fault(kind: .reset, frames: frames) }

  /// One side believes that the connection has ended, and the other one does not, until `span` has passed: as when a cable is
  /// pulled, or a host vanishes.
  ///
  /// - Parameters:
  ///   - side: The side that knows. With `.engine`, the worker's functions are gone and what it sends is lost; with
  ///     `.worker`, the worker's connection is reset, and the engine goes on sending to the old one.
  ///   - span: How long the other side does not know, by the engine's time.
  ///   - worker: The name of the worker, in which `*` stands for any text; `nil`: any worker.
  public static func halfOpen(noticedBy side: Side, for span: Duration = .seconds(60), worker: String? = nil) -> Fault {
    Fault(kind: .halfOpen(noticedBy: side, for: span), frames: .frames(worker: worker))
  }

  /// Nothing gets through in a direction (`nil`: in both), and no side learns of it. What was sent arrives when `span` has passed or
  /// the fault is removed, as TCP does.
  public static func blackhole(
    _ direction: JournalFrame.Direction? = nil, for span: Duration? = nil, worker: String? = nil
  ) -> Fault {
    Fault(kind: .blackhole(for: span), frames: .frames(worker: worker, direction: direction))
  }

  /// Bytes pass in segments of so many bytes, each in a write or a read of its own.
  public static func slice(
    bytes: Int = 1, _ direction: JournalFrame.Direction? = nil, worker: String? = nil
  ) -> Fault {
    Fault(kind: .slice(bytes: max(bytes, 1)), frames: .frames(worker: worker, direction: direction))
  }

  /// So many bytes pass in a second of the engine's time.
  public static func limitBandwidth(
    bytesPerSecond: Int, _ direction: JournalFrame.Direction? = nil, worker: String? = nil
  ) -> Fault {
    Fault(
      kind: .limitBandwidth(bytesPerSecond: max(bytesPerSecond, 1)),
      frames: .frames(worker: worker, direction: direction))
  }

  /// This fault on the connections of channels, and not on those of workers: for the faults that act on whole connections.
  public var onChannels: Fault {
    var fault = self
    fault.frames.isOfChannels = true
    return fault
  }

  // MARK: Frames

  /// A frame is handled, or sent, so much later; other frames pass it.
  public static func delay(_ frames: Frames, by span: Duration) -> Fault { Fault(kind: .delay(span), frames: frames) }
  /// A frame is lost.
  public static func drop(_ frames: Frames) -> Fault { Fault(kind: .drop, frames: frames) }
  /// A frame comes twice.
  public static func duplicate(_ frames: Frames) -> Fault { Fault(kind: .duplicate, frames: frames) }
  /// A frame comes after the next one of its connection and direction, or after a second if there is none.
  public static func reorder(_ frames: Frames) -> Fault { Fault(kind: .reorder, frames: frames) }
  /// A frame is broken on its way.
  public static func corrupt(_ frames: Frames, _ corruption: Corruption) -> Fault {
    Fault(kind: .corrupt(corruption), frames: frames)
  }

  /// The result of a function is lost between its worker and the engine.
  public static func dropResult(of function: String) -> Fault {
    Fault(
      kind: .drop, frames: .frames(.invocationResult, of: function, direction: .received), label: "drop_result")
  }

  /// The answer to a call, as the receipt of an enqueued one, is lost between the engine and the caller: what was asked for is done,
  /// and the caller does not learn of it.
  public static func loseAcknowledgement(of function: String) -> Fault {
    Fault(
      kind: .drop, frames: .frames(.invocationResult, of: function, direction: .sent), label: "lose_acknowledgement")
  }

  // MARK: Calls and registrations

  /// A call is denied, with the error of access control.
  public static func deny(_ function: String, worker: String? = nil) -> Fault {
    Fault(kind: .deny, frames: .frames(.invokeFunction, of: function, worker: worker, direction: .received))
  }

  /// The registration of a function, or of a trigger by its function, is refused: with `registrationrejected` or
  /// `triggerregistrationresult`.
  public static func rejectRegistration(of function: String, worker: String? = nil) -> Fault {
    Fault(kind: .rejectRegistration, frames: .frames(of: function, worker: worker, direction: .received))
  }

  /// The connection of a function's worker is dropped when the worker has been sent a call of the function.
  public static func killWorker(during function: String) -> Fault {
    Fault(kind: .kill, frames: .frames(.invokeFunction, of: function, direction: .sent))
  }
}

extension Fault: CustomStringConvertible {
  /// The fault and what it concerns, as `drop invocationresult of 'slow::*', received`.
  public var description: String {
    var parts: [String] = []
    if let type = frames.type { parts.append(type.rawValue) }
    if frames.isOfChannels { parts.append("channels") }
    if let function = frames.function { parts.append("of '\(function)'") }
    if let worker = frames.worker { parts.append("worker '\(worker)'") }
    if let direction = frames.direction { parts.append("\(direction)") }
    if frames.probability < 1 { parts.append("with probability \(frames.probability)") }
    return ([name] + parts).joined(separator: " ")
  }

  /// As `mock::faults::add` calls it.
  var name: String { label ?? kind.name }
}

extension Fault.Kind {
  var name: String {
    switch self {
    case .refuseConnections: "refuse_connections"
    case .stallUpgrade: "stall_upgrade"
    case .rejectUpgrade: "reject_upgrade"
    case .close: "close"
    case .reset: "reset"
    case .kill: "kill_worker"
    case .halfOpen: "half_open"
    case .blackhole: "blackhole"
    case .slice: "slice"
    case .limitBandwidth: "limit_bandwidth"
    case .delay: "delay"
    case .drop: "drop"
    case .duplicate: "duplicate"
    case .reorder: "reorder"
    case .corrupt: "corrupt"
    case .deny: "deny"
    case .rejectRegistration: "reject_registration"
    }
  }
}

extension Fault {
  /// Where a fault has its effect.
  enum Place {
    /// When a connection is accepted, or its request is read.
    case beginning
    /// On a whole connection.
    case connection
    /// On a frame.
    case frame
  }

  var place: Place {
    switch kind {
    case .refuseConnections, .stallUpgrade, .rejectUpgrade: .beginning
    case .close, .reset, .kill: frames.concernsFrames ? .frame : .connection
    case .halfOpen, .blackhole, .slice, .limitBandwidth: .connection
    case .delay, .drop, .duplicate, .reorder, .corrupt, .deny, .rejectRegistration: .frame
    }
  }
}

extension Fault.Frames {
  /// Whether more is asked than which connection.
  fileprivate var concernsFrames: Bool { type != nil || function != nil || direction != nil }
}
