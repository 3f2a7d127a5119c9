import III

/// Decides who may connect from outside.
enum Gate {
  static func start(_ address: String) async throws -> III {
    let worker = try await registerWorker(address, options: InitOptions(workerName: "gate"))
    try worker.registerFunction("gate::auth") { (input: AuthInput) async throws -> AuthResult in
      guard let user = input.headers["x-token"], ["ada", "bob"].contains(user) else {
        throw IIIInvocationError(code: "DENIED", message: "unknown token")
      }
      // Exposed functions may still be forbidden to somebody.
      return AuthResult(forbiddenFunctions: ["orders::paid"], context: ["user": .init(user)])
    }
    return worker
  }
}

/// Keeps orders in the engine's state, and has them paid.
enum Orders {
  static func start(_ address: String) async throws -> III {
    let worker = try await registerWorker(address, options: InitOptions(workerName: "orders"))
    let state = State(worker)
    try worker.registerFunction("orders::place", description: "Takes an order.") {
      (order: Order) async throws -> String in
      guard order.amount > 0 else {
        throw IIIInvocationError(code: "NOTHING_ORDERED", message: "the amount is \(order.amount)")
      }
      try await state.set(scope: "orders", key: order.id, value: order)
      // Returns at once: the queue charges it, and tries again if the bank fails.
      let receipt = try await worker.trigger("payments::charge", payload: order, action: .enqueue(queue: "payments"))
      return receipt.messageReceiptId
    }
    try worker.registerFunction("orders::status") { (id: String) async throws -> String in
      guard let order: Order = try await state.get(scope: "orders", key: id) else {
        throw IIIInvocationError(code: "NOT_FOUND", message: "there is no order \(id)")
      }
      return order.status
    }
    // Called for each message of the topic.
    try worker.registerFunction("orders::paid") { (order: Order) async throws in
      try await state.set(scope: "orders", key: order.id, value: order)
    }
    try worker.registerTrigger(SubscribeTriggerConfig(topic: "orders.paid"), functionID: "orders::paid")
    return worker
  }
}

/// Charges orders at a bank that is not always there.
enum Payments {
  static func start(_ address: String) async throws -> III {
    let worker = try await registerWorker(address, options: InitOptions(workerName: "payments"))
    try worker.registerFunction("payments::charge") { (order: Order) async throws in
      let attempt = InvocationContext.current?.delivery?.attempt ?? 1
      try charge(order, attempt: attempt)
      var paid = order
      paid.status = "paid after \(attempt) attempt\(attempt == 1 ? "" : "s")"
      try await worker.trigger("publish", payload: Message(topic: "orders.paid", data: paid))
    }
    return worker
  }

  private struct Message: Codable, Sendable {
    var topic: String
    var data: Order
  }

  /// The bank: busy at first for large amounts, and unwilling for very large ones.
  private static func charge(_ order: Order, attempt: Int) throws {
    if order.amount > 1_000_000 { throw IIIInvocationError(code: "DECLINED", message: "no cover for \(order.amount)") }
    if order.amount > 1000, attempt < 3 { throw IIIInvocationError(code: "BANK_BUSY", message: "try again later") }
  }
}

/// Prints what was ordered, each morning.
enum Report {
  static func start(_ address: String) async throws -> III {
    let worker = try await registerWorker(address, options: InitOptions(workerName: "reports"))
    try worker.registerFunction("reports::daily") { (run: JSONValue) async throws in
      let orders: [Order] = try await State(worker).list(scope: "orders")
      let paid = orders.filter { $0.status != "placed" }
      print(
        "report of \(run["scheduled_time"]?.stringValue ?? "?"): \(orders.count) orders, \(paid.count) of them paid, "
          + "together \(paid.reduce(0) { $0 + $1.amount })")
    }
    try worker.registerTrigger(CronTriggerConfig(expression: "0 0 6 * * *"), functionID: "reports::daily")
    return worker
  }
}
