internal import III
internal import UV

/// Sets faults while an engine runs.
///
/// ```swift
/// let fault = engine.faults.add(.dropResult(of: "slow::*"))
/// …
/// fault.remove()
/// #expect(await engine.faults.unmatched.isEmpty)
/// ```
///
/// Faults act on the bytes and frames of real sockets, and by the engine's time. Each effect is an entry of the journal. Where several
/// faults match a frame, the one that was added first has its effect.
public struct Faults: Sendable {
  let core: EngineCore

  /// A fault that was added.
  public struct Handle: Sendable, Hashable {
    let core: EngineCore
    /// The fault's number in this engine, as the journal shows it.
    public let id: Int

    /// Takes the fault back: frames that it holds stay lost or late, connections that it slows work again.
    public func remove() { Faults(core: core).post(.remove(id: id)) }

    /// Whether both are the same fault of the same engine.
    public static func == (a: Handle, b: Handle) -> Bool { a.id == b.id && a.core === b.core }
    /// Hashes the number.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
  }

  /// A fault as it stands.
  public struct Status: Sendable, Hashable {
    /// Its number.
    public let id: Int
    /// The fault.
    public let fault: Fault
    /// How often it has had an effect.
    public let hits: Int
    /// How many more effects it may have; `nil` is without a limit.
    public let remaining: Int?
  }

  /// Adds a fault. It is in force for every message that a worker sends after this call.
  ///
  /// - Parameters:
  ///   - fault: What goes wrong.
  ///   - times: How many effects it has; once by default. `nil`: until it is removed.
  ///   - seed: The seed of the generator for faults with a probability.
  @discardableResult public func add(_ fault: Fault, times: Int? = 1, seed: UInt64 = 0) -> Handle {
    let id = core.faultNumbers.withLock { number in
      number += 1
      return number
    }
    post(.add(fault, id: id, times: times, seed: seed))
    return Handle(core: core, id: id)
  }

  /// Takes all faults back.
  public func removeAll() { post(.removeAll) }

  /// The faults that were not removed, in the order in which they were added.
  public var all: [Status] {
    get async {
      await core.faultStatus
    }
  }

  /// The faults that have had no effect, whether or not they were removed: a test that expects a fault and never meets it proves
  /// nothing. The log says so too when the engine is shut down.
  public var unmatched: [Fault] { get async { await core.unmatchedFaults } }

  func post(_ command: FaultCommand) {
    core.commands.post(.fault(command))
    // Applied with the next message, or now.
    core.loop.post { [core] in core.assumeIsolated { $0.engine?.access.applyCommands() } }
  }
}

extension MockEngine {
  /// Sets faults: what goes wrong on purpose.
  public var faults: Faults { Faults(core: core) }
}

extension EngineCore {
  var faultStatus: [Faults.Status] {
    engine?.access.applyCommands()
    return (faultTable?.all ?? []).map { .init(id: $0.id, fault: $0.fault, hits: $0.hits, remaining: $0.remaining) }
  }

  var unmatchedFaults: [Fault] {
    engine?.access.applyCommands()
    return (faultTable?.unmatched ?? []).map(\.fault)
  }
}
