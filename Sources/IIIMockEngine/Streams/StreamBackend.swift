internal import III

/// Where the items of `iii-stream` are kept, and how its events come to the stream sockets.
protocol StreamBackend: AnyObject {
  /// Carries out an operation and calls `done` with what has come of it: at once, or later.
  func perform(_ function: StreamFunction, _ input: StreamInput, then done: @escaping (StreamOutcome) -> Void)

  /// Reads what a new subscriber is told first, and calls `done`. `begin` is called when the subscription is to be in
  /// force: at once, or at the moment after which there are changes that the data does not contain.
  func sync(
    _ function: StreamFunction, _ input: StreamInput, begin: @escaping () -> Void,
    then done: @escaping (StreamOutcome) -> Void)

  /// Passes an event on to all engines whose stream sockets are to get it.
  func publish(_ event: StreamEvent)

  /// Forgets all items.
  func reset()

  func stop()
}

/// Keeps items in this engine: in memory, or in a folder.
final class StreamStorage: StreamBackend {
  private(set) var store = StreamStore()
  private let saver: StateSaver<StreamRow>
  private let isInMemory: Bool
  private let deliver: (StreamEvent) -> Void

  /// - Parameter deliver: Sends an event to the sockets that it concerns.
  init(
    _ location: Storage.Location, _ host: BuiltInHost, deliver: @escaping (StreamEvent) -> Void
  ) throws(MockEngineError) {
    isInMemory = if case .memory = location { true } else { false }
    let opened = try host.table(StreamRow.self, at: location)
    for row in opened.rows { store.restore(row.value, row.key) }
    saver = StateSaver(opened.store, opened.table)
    self.deliver = deliver
  }

  func publish(_ event: StreamEvent) { deliver(event) }
  func stop() {}

  func reset() {
    for key in store.keys {
      saver.save(store.delete(key)) { [self] key, value in
        store.restore(value, key)
      } then: { _ in
      }
    }
  }

  /// Takes over what the same worker kept in memory before the engine restarted.
  func takeOver(_ old: StreamStorage) { if isInMemory { store = old.store } }

  func perform(_ function: StreamFunction, _ input: StreamInput, then done: @escaping (StreamOutcome) -> Void) {
    switch function {
    case .set: save(store.set(input), [], function, then: done)
    case .delete: save(store.delete(input), [], function, then: done)
    case .update:
      let (change, problems) = store.update(input)
      save(change, problems, function, then: done)
    case .get, .list, .listGroups, .listAll: read(function, input, then: done)
    case .send: done(.read(nil))
    }
  }

  func sync(
    _ function: StreamFunction, _ input: StreamInput, begin: @escaping () -> Void,
    then done: @escaping (StreamOutcome) -> Void
  ) {
    // What is being saved now is told before, and what changes later is told afterwards: each change is seen once.
    read(function, input) { outcome in
      begin()
      done(outcome)
    }
  }

  /// Tells what is stored now, once it is saved: nobody hears of a value that a crash could still undo.
  private func read(_ function: StreamFunction, _ input: StreamInput, then done: @escaping (StreamOutcome) -> Void) {
    let outcome = StreamOutcome.read(StreamStorage.read(function, input, store))
    if saver.isIdle { return done(outcome) }
    let failures = saver.failures
    saver.afterEarlierChanges { [self] in
      done(saver.failures == failures ? outcome : .read(StreamStorage.read(function, input, store)))
    }
  }

  private static func read(_ function: StreamFunction, _ input: StreamInput, _ store: StreamStore) -> [UInt8]? {
    switch function {
    case .get: return store.value(input)
    case .list: return array(store.items(of: input.stream, group: input.group).map(\.value))
    case .listGroups: return array(store.groups(of: input.stream).map(StreamInput.quoted))
    default:
      let streams = store.streams
      let rows = streams.map { stream, groups in
        Array("{\"groups\":".utf8) + array(groups.map(StreamInput.quoted)) + Array(",\"id\":".utf8)
          + StreamInput.quoted(stream) + [UInt8(ascii: "}")]
      }
      return Array("{\"count\":\(streams.count),\"stream\":".utf8) + array(rows) + [UInt8(ascii: "}")]
    }
  }

  /// Lists the items of a group with their ids, once they are saved.
  func items(_ input: StreamInput, then done: @escaping ([UInt8]) -> Void) {
    let read = { [self] in KeyedListing.json("item_id", store.items(of: input.stream, group: input.group)) }
    let now = read()
    if saver.isIdle { return done(now) }
    let failures = saver.failures
    saver.afterEarlierChanges { [self] in done(saver.failures == failures ? now : read()) }
  }

  private static func array(_ elements: [[UInt8]]) -> [UInt8] {
    [UInt8(ascii: "[")] + elements.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
  }

  private func save(
    _ change: StateChange, _ problems: [(index: Int, problem: UpdateProblem)], _ function: StreamFunction,
    then done: @escaping (StreamOutcome) -> Void
  ) {
    var outcome = StreamChange(old: change.old, new: change.new)
    if !problems.isEmpty {
      outcome.errors = StreamStorage.array(
        problems.map { entry in
          var json: [UInt8] = []
          entry.problem.write(index: entry.index, into: &json)
          return json
        })
    }
    saver.save(change) { [self] key, value in
      store.restore(value, key)
    } then: { error in
      done(error.map { .failed(function.failure($0.description)) } ?? .changed(outcome))
    }
  }
}
