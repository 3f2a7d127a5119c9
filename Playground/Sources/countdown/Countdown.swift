import III
import IIIMockEngine

/// A trigger type that calls a trigger's function so many times.
struct Countdown: TriggerHandler {
  struct Config: Codable, Sendable { let from: Int }
  let worker: III

  func registerTrigger(_ trigger: TriggerConfig<Config>) async throws {
    guard trigger.config.from > 0 else { throw IIIInvocationError(code: "EMPTY", message: "nothing to count") }
    for n in (1...trigger.config.from).reversed() {
      try await worker.trigger(trigger.functionID, payload: n)
    }
  }
  func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws {}
}

/// One worker provides a trigger type, another has it call a function: `swift run countdown`.
@main
struct Launch {
  static func main() async throws {
    let engine = try await MockEngine.start()
    let clock = try await registerWorker(engine.url, options: InitOptions(workerName: "clock"))
    let type = RegisterTriggerTypeInput(id: "countdown", description: "Counts down to 1")
    let countdown = try clock.registerTriggerType(type, handler: Countdown(worker: clock))
    try await engine.waitForTriggerType(countdown.id)

    let rocket = try await registerWorker(engine.url, options: InitOptions(workerName: "rocket"))
    let (ticks, tick) = AsyncStream<Int>.makeStream()
    try rocket.registerFunction("rocket::tick") { (n: Int) async in
      print(n)
      tick.yield(n)
    }
    try rocket.registerTrigger(type: "countdown", functionID: "rocket::tick", config: Countdown.Config(from: 3))
    for await _ in ticks.prefix(3) {}
    print("lift-off")

    await rocket.shutdown()
    await clock.shutdown()
    await engine.shutdown()
  }
}
