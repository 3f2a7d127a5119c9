package import TestSupport
import CTestAuthority
import Foundation
import III
import IIIMockEngine
import UV

/// Calls under random cuts: whatever happens to a connection, no call runs twice, and every call that succeeds has run once.
package struct CutTarget {
  /// What a run came to.
  package struct Counts: Sendable {
    package var calls = 0
    package var succeeded = 0
    package var cuts = 0
    package var pauses = 0
    /// Failed calls by code.
    package var failures: [String: Int] = [:]

    package var line: String {
      let failed = failures.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      return "\(calls) calls, \(cuts) cuts, \(pauses) pauses: \(succeeded) succeeded, \(failed)"
    }
  }

  private let calls: Int
  /// How often each call has run.
  private let runs: Lock<[UInt8]>
  private let counts = Lock(Counts())
  private let succeeded: Lock<Set<Int>> = Lock([])
  private let next = Lock(0)

  private static let function = "ledger::note"
  private static let callers = 48

  private init(calls: Int) {
    self.calls = calls
    runs = Lock([UInt8](repeating: 0, count: calls))
  }

  /// Makes `calls` calls through a relay that cuts and pauses, over TLS if `isSecure`.
  package static func run(calls: Int, isSecure: Bool, random: SeededGenerator) async throws -> Counts {
    var random = random
    let authority = isSecure ? try Authority() : nil
    let engine = try await MockEngine.start()
    guard let port = engine.url.split(separator: ":").last.flatMap({ UInt16($0) }),
      let address = SocketAddress(numericHost: "127.0.0.1", port: port)
    else { throw FuzzFailure("no address in \(engine.url)") }
    let part = random.split()
    let tls = try authority?.context()
    let relay = try await LoopRun(name: "relay") { loop in
      do { return try CuttingRelay(on: loop, to: address, tls: tls, random: part) } catch {
        preconditionFailure("the relay cannot listen: \(error)")
      }
    }
    let target = CutTarget(calls: calls)
    let callee = try await registerWorker(engine.url, options: InitOptions(workerName: "callee"))
    try callee.registerFunction(function) { (call: Call) async throws -> Int in try target.note(call) }
    let caller = try await registerWorker(await relay.get(\.url), options: options(authority))
    try await engine.waitForFunction(function)

    await target.makeCalls(by: caller, random)
    await relay.get { $0.calm() }
    // What was sent before has run when this has: the order of the connection is kept.
    await caller.shutdown()
    await callee.shutdown()
    var result = target.counts.withLock { $0 }
    (result.cuts, result.pauses) = await relay.get { ($0.cuts, $0.pauses) }
    await relay.get { $0.close() }
    let codes = (await engine.shutdownReportingLeaks(), await relay.loop.stop())
    guard codes == (0, 0) else { throw FuzzFailure("loops did not close: \(codes)") }
    try target.check()
    return result
  }

  private static func options(_ authority: Authority?) -> InitOptions {
    var options = InitOptions(workerName: "caller")
    options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), maxDelay: .milliseconds(5))
    // Small, so that queues fill and overflow.
    options.maxQueuedMessages = 32
    options.maxUnsentBytes = 64 << 10
    options.tls.caFile = authority?.file
    options.log = { _, _ in }
    return options
  }

  // MARK: Calls

  private struct Call: Codable, Sendable {
    var number: Int
    var filling: String
  }

  private func note(_ call: Call) throws(FuzzFailure) -> Int {
    guard call.number < calls else { throw FuzzFailure("a call that was not made: \(call.number)") }
    runs.withLock { $0[call.number] += 1 }
    return call.number
  }

  private func makeCalls(by worker: III, _ random: SeededGenerator) async {
    var random = random
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.callers {
        let seed = random.split()
        group.addTask {
          var own = seed
          while let number = takeNumber() { await make(number, by: worker, &own) }
        }
      }
    }
  }

  private func takeNumber() -> Int? {
    next.withLock { next in
      guard next < calls else { return nil }
      defer { next += 1 }
      return next
    }
  }

  private func make(_ number: Int, by worker: III, _ random: inout SeededGenerator) async {
    let size = random.oneIn(40) ? random.below(200_000) : random.below(200)
    let call = Call(number: number, filling: String(repeating: "x", count: size))
    let timeout: Duration = random.oneIn(3) ? .milliseconds(1 + random.below(50)) : .seconds(20)
    do {
      if random.oneIn(10) {
        try await worker.trigger(Self.function, payload: call, action: .void(), timeout: timeout)
        return end(number, "no result", succeeded: false)
      }
      let task = Task { try await worker.trigger(Self.function, payload: call, as: Int.self, timeout: timeout) }
      if random.oneIn(20) { task.cancel() }
      let result = try await task.value
      end(number, "another call's result", succeeded: result == number)
    } catch let error as IIIInvocationError {
      end(number, error.code, succeeded: false)
    } catch {
      end(number, "\(type(of: error))", succeeded: false)
    }
  }

  private func end(_ number: Int, _ code: String, succeeded: Bool) {
    if succeeded { self.succeeded.withLock { _ = $0.insert(number) } }
    counts.withLock { counts in
      counts.calls += 1
      if succeeded { counts.succeeded += 1 } else { counts.failures[code, default: 0] += 1 }
    }
  }

  private func check() throws(FuzzFailure) {
    let runs = runs.withLock { $0 }
    let succeeded = succeeded.withLock { $0 }
    if let twice = runs.firstIndex(where: { $0 > 1 }) { throw FuzzFailure("call \(twice) ran \(runs[twice]) times") }
    if let none = succeeded.first(where: { runs[$0] != 1 }) {
      throw FuzzFailure("call \(none) succeeded and ran \(runs[none]) times")
    }
    if let wrong = counts.withLock({ $0.failures["another call's result"] }) {
      throw FuzzFailure("\(wrong) calls got the result of another")
    }
  }
}

/// An authority for the relay's certificate, in a folder of its own.
private final class Authority {
  private let authority: OpaquePointer
  private let folder: String

  init() throws {
    guard OpenSSL.isReady, let authority = test_authority_new("Relay Authority") else {
      throw FuzzFailure("OpenSSL makes no authority")
    }
    self.authority = authority
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("iii-relay-\(UUID().uuidString)")
    folder = url.path
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    guard test_authority_write(authority, file) == 1 else { throw FuzzFailure("cannot write \(file)") }
  }

  deinit {
    test_authority_free(authority)
    try? FileManager.default.removeItem(atPath: folder)
  }

  var file: String { folder + "/authority.pem" }

  /// The context of a server at 127.0.0.1.
  func context() throws -> TLSContext {
    let (certificate, key) = (folder + "/relay.pem", folder + "/relay.key")
    guard
      test_authority_issue(authority, "localhost", "IP:127.0.0.1", -3600, 3600, certificate, key, nil) == 1
    else { throw FuzzFailure("OpenSSL issues no certificate") }
    return try .server(certificateFile: certificate, privateKeyFile: key)
  }
}
