internal import III

extension QueueWorker {
  /// Puts a call into a declared queue; the answer is its receipt.
  ///
  /// - Parameters:
  ///   - function: The id of the function, which need not be registered.
  ///   - data: The payload, JSON.
  ///   - receipt: A new one is made if there is none.
  func enqueue(
    _ function: ByteView, _ data: ByteView, queue name: ByteView, receipt: UUID128? = nil, _ trace: TraceHeaders?
  ) -> BuiltInReply {
    let receipt = receipt ?? broker.newID()
    let slot: UInt32
    do throws(InvocationFailure) {
      slot = try prepare(function, data, queue: name, receipt: receipt, trace)
    } catch {
      return .failure(error)
    }
    let reply = BuiltInReply.bytes(QueueWorker.result(receipt))
    guard saver?.isDurable == true else {
      broker.admit(slot)
      act()
      return reply
    }
    return answer([slot], reply) { .notSaved($0) }
  }

  /// As `enqueue` of a worker, for a test; `done` hears the receipt.
  func enqueue(
    _ function: ByteView, _ data: ByteView, queue name: ByteView,
    then done: @escaping (Result<String, InvocationFailure>) -> Void
  ) {
    let receipt = broker.newID()
    do throws(InvocationFailure) {
      let slot = try prepare(function, data, queue: name, receipt: receipt, nil)
      submit([slot]) { done($0.map { .failure(.notSaved($0)) } ?? .success(receipt.description)) }
    } catch {
      done(.failure(error))
    }
  }

  /// A job in the broker's table that is not in its queue yet.
  private func prepare(
    _ function: ByteView, _ data: ByteView, queue name: ByteView, receipt: UUID128, _ trace: TraceHeaders?
  ) throws(InvocationFailure) -> UInt32 {
    guard let queue = broker.declaredQueue(name) else { throw unknown(name.string) }
    if let field = broker[queue].groupField {
      let value = JSONGroupField(field, in: data)
      if let message = value.problem(of: broker[queue].name.text) { throw .enqueueFailed(message) }
    }
    let target = broker.target(function)
    return broker.prepare(queue, data: data.array, target: target, receipt: receipt, trace: trace, at: moment)
  }

  private static func result(_ receipt: UUID128) -> [UInt8] {
    ByteWriter.bytes(resultStart.utf8CodeUnitCount + UUID128.textCount + resultEnd.utf8CodeUnitCount) { writer in
      writer.append(resultStart)
      receipt.write(into: &writer)
      writer.append(resultEnd)
    }
  }

  private static let resultStart: StaticString = "{\"messageReceiptId\":\""
  private static let resultEnd: StaticString = "\"}"

  private func unknown(_ name: String) -> InvocationFailure {
    let known = broker.declared.map(\.key.text)
    let nearest = NearestName.of(name, among: known).map { "; did you mean '\($0)'?" } ?? ""
    let list =
      known.isEmpty ? "no queue is declared" : "declared are \(known.map { "'\($0)'" }.joined(separator: ", "))"
    warn(once: "queue \(name)", "a call was to be put into queue '\(name)', which is not declared: \(list)\(nearest)")
    return .enqueueFailed("Queue '\(name)' not found")
  }
}

/// What a payload has as the group of a FIFO queue.
private struct JSONGroupField {
  private let field: ByteKey
  private let value: ByteView?

  init(_ field: ByteKey, in data: ByteView) {
    self.field = field
    value = JobGroups.value(of: field, in: data)
  }

  /// What is wrong with it, in the real engine's words.
  func problem(of queue: String) -> String? {
    guard let value else {
      return "FIFO queue '\(queue)' requires field '\(field.text)' in data, but it was not found"
    }
    return value == "null" ? "FIFO queue '\(queue)': field '\(field.text)' must not be null" : nil
  }
}

extension InvocationFailure {
  static func notSaved(_ problem: String) -> InvocationFailure {
    enqueueFailed("The job could not be saved: \(problem)")
  }

  static func enqueueFailed(_ message: String) -> InvocationFailure {
    InvocationFailure(code: "enqueue_error", message: message)
  }
}

// MARK: The frame

extension Router {
  /// A worker asks for a call to be put into a queue. The answer comes before the call.
  mutating func enqueue(
    _ frame: InvocationFrame, queue: WireString, from peer: PeerID, _ output: some RouterOutput
  ) {
    let name = functions.route(frame.functionID)?.name ?? FunctionName(frame.functionID.text)
    let trace = TraceHeaders(echoing: frame)
    let waiting = WaitingReply(
      id: frame.invocationID, caller: peer, name: name, trace: trace, begun: now, isCall: false)
    if compatibility.extendsQueues, let provider = provider, provide(frame, queue, to: provider, waiting, output) {
      return
    }
    if frame.invocationID != nil { count(1, peer) }
    guard let queues else { return settle(waiting, .failure(.noQueues), output) }
    settle(waiting, enqueue(frame, queue, to: queues, trace), output)
  }

  /// In a function of its own, so that no view is kept while the tables are changed.
  private func enqueue(
    _ frame: InvocationFrame, _ queue: WireString, to queues: QueueWorker, _ trace: TraceHeaders?
  ) -> BuiltInReply {
    frame.functionID.withUTF8 { function in
      queue.withUTF8 { queues.enqueue(function, frame.data, queue: $0, trace) }
    }
  }

  /// A worker's function that takes enqueued calls in place of the engine's own queues, as from 0.21.5 on.
  private var provider: FunctionRegistry.Route? {
    guard let route = functions.route(QueueFunction.enqueueKey), case .worker = route.target else { return nil }
    return route
  }

  /// Gives a call to a worker that provides queues.
  private func provide(
    _ frame: InvocationFrame, _ queue: WireString, to provider: FunctionRegistry.Route, _ waiting: WaitingReply,
    _ output: some RouterOutput
  ) -> Bool {
    let receipt = newID()
    var input = Array("{\"queue\":".utf8) + queue.raw.array
    input += ",\"function_id\":".utf8
    input += frame.functionID.raw.array
    input += ",\"data\":".utf8
    input += frame.data.array
    input += ",\"messageReceiptId\":\"\(receipt)\",\"traceparent\":".utf8
    input += frame.traceparent?.raw.array ?? Array("null".utf8)
    let baggage = "iii.function.id=\(frame.functionID.text)" + (frame.baggage.map { ",\($0.text)" } ?? "")
    input += ",\"baggage\":".utf8
    input += JSONText.quoted(baggage)
    if let namespace = frame.namespace, namespace.text != "default" {
      input += ",\"namespace\":".utf8
      input += namespace.raw.array
    }
    input.append(UInt8(ascii: "}"))
    _ = outbox.add(
      .call(
        EngineCall(
          functionID: provider.name.key, data: input, metadata: nil, caller: nil,
          purpose: .enqueue(waiting, receipt: receipt), deadline: nil)))
    return true
  }

  /// A worker that provides queues has answered.
  mutating func provided(
    _ waiting: WaitingReply, _ receipt: UUID128, _ outcome: CallOutcome, _ output: some RouterOutput
  ) {
    if waiting.id != nil { count(1, waiting.caller) }
    switch outcome {
    case .value, .nothing:
      settle(waiting, .json(["messageReceiptId": .string(receipt.description)]), output)
    case .failure(let failure):
      let message =
        failure.code == IIIErrorCode.functionNotFound
        ? "No queue provider is installed. `TriggerAction::Enqueue` routes through the `engine::queue::enqueue` "
          + "provider, which the standalone queue worker registers. Add it with `iii worker add queue`. "
          + "(underlying: \(failure.message))"
        : "\(failure.code): \(failure.message)"
      settle(waiting, .failure(.enqueueFailed(message)), output)
    }
  }
}

extension QueueFunction {
  static let enqueueKey = ByteKey(QueueFunction.enqueue.rawValue)
}
