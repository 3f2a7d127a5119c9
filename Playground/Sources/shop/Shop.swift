import III
import IIIMockEngine

/// A small application: orders, payments with retries, access control, and a report by cron. `swift run shop` plays a day of it.
///
/// Each part is a worker of its own, and knows the others by the ids of their functions only: they could be programs in other
/// languages on other machines. The engine is one in this process with a manual clock, so that a day takes no time; with a real engine
/// the workers are the same.
@main
struct Shop {
  static func main() async throws {
    let engine = try await MockEngine.start(settings)
    let (inside, outside) = (engine.addresses[0], engine.addresses[1])
    let workers = [
      try await Gate.start(inside), try await Orders.start(inside), try await Payments.start(inside),
      try await Report.start(inside),
    ]
    for id in ["gate::auth", "orders::paid", "payments::charge", "reports::daily"] {
      try await engine.waitForFunction(id)
    }

    // A customer comes through the listener with rules, and needs a token.
    let customer = try await registerWorker(
      outside, options: InitOptions(workerName: "customer", headers: ["X-Token": "ada"]))
    for order in [
      Order(id: "1", item: "pear", amount: 75), Order(id: "2", item: "piano", amount: 9000),
      Order(id: "3", item: "castle", amount: 2_000_000),
    ] {
      let receipt: String = try await customer.trigger("orders::place", payload: order)
      print("order \(order.id): \(order.item), \(order.amount), receipt \(receipt.isEmpty ? "missing" : "there")")
    }
    do {
      try await customer.trigger("payments::charge", payload: Order(id: "4", item: "fig", amount: 0))
    } catch let error as IIIForbiddenError {
      print("a customer may not charge: \(error.code)")
    }
    await refuse(outside)

    // An hour: the bank is tried again after 10 s, 20 s, 40 s …
    try await engine.advance(by: .seconds(3600))
    for id in ["1", "2", "3"] {
      let status: String = try await customer.trigger("orders::status", payload: id)
      print("order \(id) is \(status)")
    }
    for letter in try await engine.queue("payments").deadLetters {
      let last = letter.history.last?.errorCode ?? "no error"
      print(
        "dead letter of \(letter.functionID ?? "?"): \(letter.history.count) attempts, the last one failed with \(last)"
      )
    }

    // The next morning at six.
    try await engine.advance(by: .seconds(24 * 3600))

    await customer.shutdown()
    for worker in workers { await worker.shutdown() }
    await engine.shutdown()
  }

  /// The same as a configuration file has for `iii-dev` and a real engine.
  private static var settings: MockEngine.Configuration {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual
    configuration.queues["payments"] = .init(maxRetries: 4, backoff: .seconds(10))
    // The open listener is for the shop's own workers, the second one for customers.
    configuration.listeners.append(
      .init(access: AccessRules(authFunctionID: "gate::auth", exposeFunctions: [.matching("orders::*")])))
    return configuration
  }

  private static func refuse(_ address: String) async {
    do {
      let options = InitOptions(workerName: "stranger", headers: ["X-Token": "guessed"])
      let stranger = try await registerWorker(address, options: options)
      let status = try await stranger.trigger("orders::status", payload: "1")
      print("a stranger was let in: \(status)")
    } catch {
      print("a stranger is refused: \((error as? IIIInvocationError)?.code ?? "\(error)")")
    }
  }
}

/// What is ordered.
struct Order: Codable, Sendable {
  var id: String
  var item: String
  var amount: Int
  var status = "placed"
}
