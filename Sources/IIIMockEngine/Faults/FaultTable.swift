internal import III
internal import UV

/// The faults of an engine. Confined to the engine's loop.
final class FaultTable {
  /// Whether a fault concerns frames, or a frame is held: the one thing that is looked at while none is set.
  ///
  /// Unchecked, because it is looked at for every frame, and nothing is called while it is being changed.
  @exclusivity(unchecked) private(set) var concernsFrames = false
  /// Whether a fault concerns connections that begin, or whole ones.
  private(set) var concernsConnections = false
  private(set) var all: [ActiveFault] = []
  /// Faults that were removed without having had an effect.
  private var removedUnmatched: [(id: Int, fault: Fault)] = []
  private let journal: JournalRecorder

  /// Called when a fault was added that concerns connections.
  var onConnectionFault: (() -> Void)?

  /// Called when a fault was removed: what it does to connections ends.
  var onEnd: ((ActiveFault) -> Void)?

  /// Messages that wait for the next one of their connection and direction, by the connection's number.
  var held: [Held.Place: [Held]] = [:] {
    didSet { update() }
  }

  /// A message that comes after the next one.
  struct Held {
    struct Place: Hashable {
      let connection: UInt32
      let direction: JournalFrame.Direction
    }

    let bytes: [UInt8]
    let isText: Bool
  }

  /// How long a frame is held that comes after the next one, if there is no next one.
  static let patience = Duration.seconds(1)
  private static let keptUnmatched = 1000

  init(_ journal: JournalRecorder) { self.journal = journal }

  func apply(_ command: FaultCommand) {
    switch command {
    case .add(let fault, let id, let times, let seed):
      all.append(ActiveFault(fault, id: id, times: times, seed: seed))
      update()
      if fault.place == .connection { onConnectionFault?() }
    case .remove(let id):
      guard let place = all.firstIndex(where: { $0.id == id }) else { return }
      end(all.remove(at: place))
    case .removeAll:
      let former = all
      all = []
      for fault in former { end(fault) }
    }
  }

  /// Forgets all faults, also those that have had no effect.
  func reset() {
    apply(.removeAll)
    removedUnmatched = []
    held = [:]
  }

  /// The engine has restarted: its connections are gone, and what faults did to them.
  func forgetConnections() {
    held = [:]
    for fault in all { fault.heal = [:] }
  }

  private func end(_ fault: ActiveFault) {
    update()
    onEnd?(fault)
    if fault.hits == 0, removedUnmatched.count < FaultTable.keptUnmatched {
      removedUnmatched.append((fault.id, fault.fault))
    }
  }

  private func update() {
    concernsFrames = !held.isEmpty || all.contains { $0.fault.place == .frame && !$0.isSpent }
    concernsConnections = all.contains { $0.fault.place != .frame && !$0.isSpent }
  }

  /// The faults that had no effect, in the order in which they were added.
  var unmatched: [(id: Int, fault: Fault)] {
    (removedUnmatched + all.filter { $0.hits == 0 }.map { ($0.id, $0.fault) }).sorted { $0.id < $1.id }
  }

  /// The first fault that has an effect on a frame.
  func first(for frame: FaultFrame, ofWorker name: () -> String?) -> ActiveFault? {
    all.first { $0.matches(frame, ofWorker: name) }
  }

  /// The first fault for a connection that begins.
  func first(forBeginning matches: (Fault.Kind) -> Bool) -> ActiveFault? {
    concernsConnections ? all.first { !$0.isSpent && $0.fault.place == .beginning && matches($0.fault.kind) } : nil
  }

  /// A fault has an effect, which the journal shows.
  func note(_ fault: ActiveFault, _ effect: String, connection: UInt32, at time: UInt64) {
    fault.hit()
    update()
    journal.note(
      .event(.fault(id: fault.id, fault: fault.fault.name, effect: effect)), connection: connection, at: time)
  }

  /// A later part of an effect, which does not count.
  func note(end effect: String, of fault: ActiveFault, connection: UInt32, at time: UInt64) {
    journal.note(
      .event(.fault(id: fault.id, fault: fault.fault.name, effect: effect)), connection: connection, at: time)
  }
}

/// What tests ask of the table.
enum FaultCommand: Sendable {
  case add(Fault, id: Int, times: Int?, seed: UInt64)
  case remove(id: Int)
  case removeAll
}
