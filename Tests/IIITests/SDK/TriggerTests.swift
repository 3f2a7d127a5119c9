import Testing

@testable import III

@Suite("Worker: calls")
struct TriggerTests {
  @Test("a call and its result, typed and untyped")
  func call() async throws {
    try await withWorker { worker, peer, _ in
      async let sum: Int = worker.trigger("math::add", payload: ["a": 1, "b": 2])
      let call = try await peer.receiveJSON()
      #expect(call["function_id"] == "math::add")
      #expect(call["data"] == ["a": 1, "b": 2] || call["data"] == ["b": 2, "a": 1])
      #expect(call["namespace"] == nil && call["action"] == nil && call["metadata"] == nil)
      await peer.answer(call, #","result":3"#)
      #expect(try await sum == 3)

      async let value = worker.trigger(TriggerRequest(functionID: "x", payload: [1], metadata: ["m": 1]))
      let second = try await peer.receiveJSON()
      #expect(second["metadata"] == ["m": 1])
      await peer.answer(second, #","result":{"z":1,"a":[null]}"#)
      #expect(try await value == ["z": 1, "a": [nil]])
    }
  }

  @Test("without a type a result is a JSON value, which may be ignored")
  func untyped() async throws {
    try await withWorker { worker, peer, _ in
      async let answers: Void = {
        for _ in 0..<3 { await peer.answer(try await peer.receiveJSON(), #","result":{"n":1}"#) }
      }()
      try await worker.trigger("x", payload: 1)
      let value = try await worker.trigger("x", payload: ["a": 1])
      #expect(value == ["n": 1])
      let other = try await worker.trigger("x")
      #expect(other["n"] == 1)
      try await answers
    }
  }

  @Test("a call without a payload, and one without a result")
  func noPayload() async throws {
    try await withWorker { worker, peer, _ in
      async let value: JSONValue = worker.trigger("t::echo")
      let call = try await peer.receiveJSON()
      #expect(call["data"] == .null)
      await peer.answer(call, "")
      #expect(try await value == .null)
      async let none: Int? = worker.trigger("t::echo")
      await peer.answer(try await peer.receiveJSON(), "")
      #expect(try await none == nil)
    }
  }

  @Test("errors have the class of their code")
  func errors() async throws {
    try await withWorker { worker, peer, _ in
      let task = Task { try await worker.trigger(TriggerRequest(functionID: "bank::charge")) }
      let call = try await peer.receiveJSON()
      await peer.answer(call, #","error":{"code":"FORBIDDEN","message":"no","stacktrace":"st"}"#)
      let error = await #expect(throws: IIIInvocationError.self) { try await task.value }
      #expect(error is IIIForbiddenError)
      #expect(error?.functionID == "bank::charge")
      #expect(error?.stacktrace == "st")
      #expect(error?.invocationID.map { JSONValue.string($0) } == call["invocation_id"])
      #expect(error?.description == "FORBIDDEN: no (function 'bank::charge')")
    }
  }

  @Test("a call without an answer times out by the worker's clock")
  func timeout() async throws {
    try await withManualTime { worker, peer, _, time in
      let task = Task { () -> Int in try await worker.trigger("slow", payload: 1, timeout: .milliseconds(300)) }
      let call = try await peer.receiveJSON()
      await time.advance(by: .milliseconds(300))
      let error = await #expect(throws: IIITimeoutError.self) { try await task.value }
      #expect(error?.description == "TIMEOUT: invocation timed out after 300ms (function 'slow')")
      await peer.answer(call, #","result":1"#)
      try await peer.fence()
      #expect(worker.connectionState == .connected)
    }
  }

  @Test("a call without its own time-out uses the worker's")
  func defaultTimeout() async throws {
    try await withManualTime { worker, peer, _, time in
      let task = Task { () -> Int in try await worker.trigger("slow", payload: 1) }
      _ = try await peer.receiveJSON()
      await time.advance(by: .seconds(30))
      let error = await #expect(throws: IIITimeoutError.self) { try await task.value }
      #expect(error?.message == "invocation timed out after 30000ms")
    }
  }

  @Test("a dead connection is detected by unanswered pings")
  func idle() async throws {
    try await withManualTime { worker, peer, engine, time in
      await time.advance(by: .seconds(20))
      #expect(try await peer.receiveControl() == "ping ")
      // The peer answers no ping and sends nothing.
      await time.advance(by: .seconds(40))
      try await peer.ended()
      await time.advance(by: .seconds(1))
      let next = try await engine.accept()
      _ = try await next.receive()
      #expect(worker.connectionState == .connected)
      await next.drop()
    }
  }

  @Test("enqueue")
  func enqueue() async throws {
    try await withWorker { worker, peer, _ in
      async let receipt = worker.trigger("f", payload: 1, action: .enqueue(queue: "q"))
      let call = try await peer.receiveJSON()
      #expect(call["action"] == ["type": "enqueue", "queue": "q"])
      #expect(call["invocation_id"] != nil)
      await peer.answer(call, #","result":{"messageReceiptId":"r-1"}"#)
      #expect(try await receipt == EnqueueResult(messageReceiptId: "r-1"))
    }
  }

  @Test("void")
  func void() async throws {
    try await withWorker { worker, peer, _ in
      try await worker.trigger("f", payload: 1, action: .void())
      #expect(
        try await peer.receive() == #"{"type":"invokefunction","function_id":"f","data":1,"action":{"type":"void"}}"#)
      #expect(try await worker.trigger(TriggerRequest(functionID: "g", action: .void())) == .null)
      #expect(try await peer.receiveJSON()["function_id"] == "g")
    }
  }

  @Test("waiting calls fail when the connection drops and when the worker is shut down")
  func dropped() async throws {
    try await withWorker { worker, peer, engine in
      let lost = Task { () -> Int in try await worker.trigger("a", payload: 1) }
      _ = try await peer.receive()
      await peer.drop()
      let error = await #expect(throws: IIIInvocationError.self) { try await lost.value }
      #expect(error?.code == "CONNECTION_LOST")
      let next = try await engine.accept()
      _ = try await next.receive()
      let pending = Task { () -> Int in try await worker.trigger("b", payload: 1) }
      _ = try await next.receive()
      let shutdown = Task { await worker.shutdown() }
      let end = await #expect(throws: IIIInvocationError.self) { try await pending.value }
      #expect(end?.description == "SHUTDOWN: iii is shutting down (function 'b')")
      #expect(try await next.receiveControl() == "close 1000")
      await shutdown.value
    }
  }

  @Test("after a shutdown nothing is accepted; a second shutdown has no effect")
  func afterShutdown() async throws {
    try await withWorker { worker, peer, _ in
      async let first: Void = worker.shutdown()
      async let second: Void = worker.shutdown()
      let control = try await peer.receiveControl()
      #expect(control == "close 1000")
      _ = await (first, second)
      await worker.shutdown()
      #expect(worker.connectionState == .disconnected)
      for action in [nil, TriggerAction.void(), .enqueue(queue: "q")] {
        let error = await #expect(throws: IIIInvocationError.self) {
          try await worker.trigger(TriggerRequest(functionID: "f", action: action))
        }
        #expect(error?.code == "SHUTDOWN")
      }
    }
  }

  @Test("a shutdown does not wait forever for an engine that does not answer")
  func boundedShutdown() async throws {
    try await withManualTime { worker, peer, _, time in
      await peer.ignoreClose()
      let shutdown = Task { await worker.shutdown() }
      let control = try await peer.receiveControl()
      #expect(control == "close 1000")
      await time.advance(by: .seconds(5))
      await shutdown.value
      #expect(worker.connectionState == .disconnected)
    }
  }

  @Test("calls and registrations without a connection wait for one")
  func offline() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine)
    let peer = try await engine.accept()
    _ = try await peer.receive()
    await engine.stopListening()
    var states = worker.connectionStates.makeAsyncIterator()
    await peer.drop()
    while await states.next() != .reconnecting {}
    let gone = await #expect(throws: IIITimeoutError.self) {
      let _: Int = try await worker.trigger("gone", payload: 1, timeout: .milliseconds(5))
    }
    #expect(gone?.message == "invocation timed out after 5ms")
    for index in 0..<1_005 { try await worker.trigger("v", payload: index, action: .void()) }
    await worker.fence()
    let port = UInt16(worker.address.split(separator: ":").last ?? "") ?? 0
    let next = try await ScriptedEngine.start(port: port)
    let again = try await next.accept()
    _ = try await again.receive()
    for index in 5..<1_005 {
      let got = try await again.receiveJSON()
      #expect(got["data"] == .int(Int64(index)), "\(got)")
    }
    try await again.fence()
    #expect(await again.takeUnread() == [])
    await again.drop()
    await worker.shutdown()
  }

  @Test("a cancelled caller stops waiting")
  func cancelled() async throws {
    try await withWorker { worker, peer, _ in
      let task = Task { () -> Int in try await worker.trigger("a", payload: 1) }
      let call = try await peer.receiveJSON()
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      await peer.answer(call, #","result":1"#)
      try await peer.fence()
      let early = Task { () -> Int in
        withUnsafeCurrentTask { $0?.cancel() }
        return try await worker.trigger("b", payload: 1)
      }
      await #expect(throws: CancellationError.self) { try await early.value }
    }
  }

  @Test("a worker that the engine refuses fails")
  func refused() async throws {
    try await withWorker { worker, peer, engine in
      let task = Task { () -> Int in try await worker.trigger("a", payload: 1) }
      _ = try await peer.receive()
      await peer.send(
        #"{"type":"registrationrejected","code":"FUNCTION_NAMESPACE_CONFLICT","namespace":"n","function_id":"f","owner_worker_id":"o"}"#
      )
      try await peer.fence()
      #expect(worker.connectionState == .connected)
      await peer.send(
        #"{"type":"registrationrejected","code":"WORKER_NAMESPACE_CONFLICT","namespace":"n","worker_name":"w","owner_worker_id":"o"}"#
      )
      let error = await #expect(throws: RegistrationRejectedError.self) { try await task.value }
      #expect(error?.code == "WORKER_NAMESPACE_CONFLICT")
      #expect(worker.connectionState == .failed)
      #expect(worker.registrationRejection == error)
      try await peer.ended()
    }
  }

  @Test("namespaces")
  func namespaces() async throws {
    try await withWorker {
      $0.namespace = "n"
    } _: { worker, peer, _ in
      try await worker.trigger("engine::functions::list", payload: 1, action: .void())
      #expect(try await peer.receiveJSON()["namespace"] == "default")
      try await worker.trigger("f", payload: 1, action: .void())
      #expect(try await peer.receiveJSON()["namespace"] == "n")
      try await worker.trigger("f", payload: 1, action: .void(), namespace: "m")
      #expect(try await peer.receiveJSON()["namespace"] == "m")
      await #expect(throws: IIIRegistrationError.self) {
        try await worker.trigger("f", payload: 1, action: .void(), namespace: " ")
      }
    }
  }

  @Test("a call that is too large fails alone")
  func tooLarge() async throws {
    #expect(InitOptions().maxMessageBytes == 64 << 20)
    try await withWorker {
      $0.maxMessageBytes = 1_000
    } _: { worker, peer, _ in
      let payload = String(repeating: "x", count: 1_000)
      let error = await #expect(throws: IIIInvocationError.self) {
        let _: Int = try await worker.trigger("f", payload: payload)
      }
      #expect(error?.code == "payload_too_large")
      #expect(error?.message.hasPrefix("Serialized JSON envelope is 11") == true)
      #expect(error?.message.contains("limit is 1000 bytes") == true)
      try await worker.trigger("f", payload: 1, action: .void())
      #expect(try await peer.receiveJSON()["data"] == 1)
    }
  }

  @Test("messages above 16 MiB are sent in fragments and arrive complete")
  func fragments() async throws {
    try await withWorker { worker, peer, _ in
      let payload = String(repeating: "x", count: 17 << 20)
      try await worker.trigger("f", payload: payload, action: .void())
      let call = try await peer.receiveJSON()
      #expect(call["data"] == .string(payload))
    }
  }

  @Test("calls that TCP has not accepted are sent on the next connection; those whose sending has begun are lost")
  func unsent() async throws {
    try await withWorker { worker, peer, engine in
      await peer.stopAtNextRead()
      let large = Task { () -> Int in
        // More than any socket buffer holds, so the frames after it cannot be sent.
        try await worker.trigger("large", payload: String(repeating: "x", count: 14 << 20))
      }
      try await peer.stopped()
      // Not with `trigger`, which would wait.
      let small = InvokeFunctionMessage(functionID: "small", data: [0x31], action: .void()).frame()
      worker.gauge.add(small.count)
      worker.post { $0.callWithoutResult(Outbound(frame: small)) }
      await worker.fence()
      await peer.drop()
      let error = await #expect(throws: IIIInvocationError.self) { try await large.value }
      #expect(error?.code == "CONNECTION_LOST")
      let next = try await engine.accept()
      _ = try await next.receive()
      #expect(try await next.receiveJSON()["function_id"] == "small")
      await next.drop()
    }
  }

  @Test("callers that do not wait for a result are slowed down by an engine that does not read")
  func voidFlood() async throws {
    try await withWorker { worker, peer, engine in
      await peer.stopAtNextRead()
      let flood = Task {
        let payload = String(repeating: "x", count: 1 << 20)
        for _ in 0..<24 { try await worker.trigger("f", payload: payload, action: .void()) }
      }
      try await peer.stopped()
      await peer.startReading()
      for _ in 0..<24 { _ = try await peer.receive() }
      try await flood.value
      #expect(!worker.gauge.isFull)
    }
  }

  @Test("callers that are slowed down continue when the connection ends")
  func voidFloodAtTheEnd() async throws {
    try await withWorker { worker, peer, engine in
      await peer.stopAtNextRead()
      let flood = Task {
        let payload = String(repeating: "x", count: 1 << 20)
        for _ in 0..<24 { try await worker.trigger("f", payload: payload, action: .void()) }
      }
      try await peer.stopped()
      await peer.drop()
      let next = try await engine.accept()
      try await flood.value
      try await next.fence()
      #expect(!worker.gauge.isFull)
      await next.drop()
    }
  }
}
