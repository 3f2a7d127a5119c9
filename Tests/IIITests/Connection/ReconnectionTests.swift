import Testing

@testable import III

@Suite("Connection machine: connecting")
struct ReconnectionTests {
  @Test("the states of a first connection")
  func firstConnection() {
    var harness = MachineHarness()
    #expect(harness.phase == .disconnected)
    harness.start()
    #expect(harness.phase == .connecting)
    #expect(harness.dials == 1)
    harness.event { machine, _ in machine.dialled() }
    #expect(harness.phase == .handshaking)
    harness.event { $0.opened(now: $1) }
    #expect(harness.phase == .connected)
    #expect(harness.states == [.connecting, .connected])
  }

  @Test("a worker whose connections are refused makes all its attempts and then fails")
  func retries() {
    var harness = MachineHarness {
      $0.reconnection = ReconnectionConfig(
        initialDelay: .milliseconds(100), maxDelay: .milliseconds(200), jitterFactor: 0, maxRetries: 3)
    }
    harness.start()
    for _ in 0..<4 {
      harness.event { $0.dialFailed("ECONNREFUSED", now: $1) }
      harness.advance(.milliseconds(500))
      if harness.phase == .failed { break }
    }
    // Each attempt fails at once, so the time between attempts is the wait.
    #expect(harness.dials == 4)
    #expect(harness.states == [.connecting, .reconnecting, .failed])
    #expect(harness.logs.last == "ERROR Max reconnection retries (3) reached, giving up: ECONNREFUSED")
  }

  @Test("failed attempts are logged as a warning at first, and then once a minute")
  func repeatedWarnings() {
    var harness = MachineHarness {
      $0.reconnection = ReconnectionConfig(
        initialDelay: .seconds(10), maxDelay: .seconds(10), backoffMultiplier: 1, jitterFactor: 0)
    }
    harness.start()
    for _ in 0...12 {  // two minutes
      harness.event { $0.dialFailed("ECONNREFUSED", now: $1) }
      harness.advance(.seconds(10))
    }
    #expect(harness.logs.count { $0.hasPrefix("WARN no connection to ws://engine: ECONNREFUSED") } == 3)
    #expect(harness.logs.count { $0.hasPrefix("DEBUG no connection to ws://engine: ECONNREFUSED") } == 10)
  }

  @Test("the waits between the attempts")
  func waits() {
    var harness = MachineHarness {
      $0.reconnection = ReconnectionConfig(
        initialDelay: .milliseconds(100), maxDelay: .milliseconds(200), jitterFactor: 0, maxRetries: 3)
    }
    harness.start()
    while harness.phase != .failed {
      harness.event { $0.dialFailed("ECONNREFUSED", now: $1) }
      let dials = harness.dials
      for _ in 0..<50 where harness.dials == dials && harness.phase != .failed {
        harness.advance(.milliseconds(10))
      }
    }
    #expect(harness.dialTimes == [0, 100, 300, 500])
  }

  @Test("jitter stays within its limit")
  func jitter() {
    let configuration = ReconnectionConfig()
    for _ in 0..<1_000 {
      let third = configuration.delay(attempt: 3, random: .random(in: -1...1))
      #expect(third >= .milliseconds(5600) && third <= .milliseconds(10400))
      let tenth = configuration.delay(attempt: 10, random: .random(in: -1...1))
      #expect(tenth >= .seconds(21) && tenth <= .seconds(39))
    }
    #expect(configuration.delay(attempt: .max, random: 0) == .seconds(30))
  }

  @Test("unusual configurations give valid waits")
  func oddDelays() {
    var configuration = ReconnectionConfig(initialDelay: .zero)
    #expect(configuration.delay(attempt: 5, random: 1) == .zero)
    configuration = ReconnectionConfig(initialDelay: .seconds(-1))
    #expect(configuration.delay(attempt: 5, random: 1) == .zero)
    configuration = ReconnectionConfig(backoffMultiplier: .nan)
    #expect(configuration.delay(attempt: 5, random: 0) == .seconds(1))
    configuration = ReconnectionConfig(jitterFactor: 5)
    #expect(configuration.delay(attempt: 0, random: -1) == .zero)
    configuration = ReconnectionConfig(
      initialDelay: .seconds(Int64.max), maxDelay: .seconds(Int64.max), jitterFactor: .infinity)
    #expect(configuration.delay(attempt: 3, random: 1) >= .zero)
    configuration = ReconnectionConfig(backoffMultiplier: 1)
    #expect(configuration.delay(attempt: .max, random: 0) == .seconds(1))
  }

  @Test("a successful connection resets the number of retries")
  func resets() {
    var harness = MachineHarness { $0.reconnection.maxRetries = 1 }
    harness.start()
    harness.event { $0.dialFailed("refused", now: $1) }
    harness.advance(.seconds(1))
    harness.open()
    harness.end()
    #expect(harness.phase == .reconnecting)
    harness.advance(.seconds(1))
    #expect(harness.dials == 3)
    harness.event { $0.dialFailed("refused", now: $1) }
    #expect(harness.phase == .failed)
  }

  @Test("an engine that does not answer the handshake is abandoned", arguments: [false, true])
  func handshakeTimeout(tcpStands: Bool) {
    var harness = MachineHarness()
    harness.start()
    if tcpStands { harness.event { machine, _ in machine.dialled() } }
    harness.advance(.seconds(9))
    #expect(harness.drops == 0)
    harness.advance(.seconds(1))
    #expect(harness.drops == 1)
    #expect(harness.phase == .reconnecting)
    harness.advance(.seconds(1))
    #expect(harness.dials == 2)
  }

  @Test("late events of an abandoned attempt have no effect")
  func lateNews() {
    var harness = MachineHarness()
    harness.start()
    harness.advance(.seconds(10))
    harness.event { machine, _ in machine.dialled() }
    harness.event { $0.opened(now: $1) }
    harness.event { $0.dialFailed("late", now: $1) }
    harness.end("late")
    #expect(harness.phase == .reconnecting)
    #expect(harness.states == [.connecting, .reconnecting])
    harness.start()
    #expect(harness.dials == 1)
  }

  @Test("every end of the socket leads to a new connection", arguments: [1000, 1001, 1011, 1012, nil] as [UInt16?])
  func closes(code: UInt16?) {
    var harness = MachineHarness.connected()
    harness.close(code)
    #expect(harness.written == ["close \(code.map(String.init) ?? "-")"])
    #expect(harness.flushedDrops == 1)
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.states == [.connecting, .connected, .reconnecting, .connected])
  }

  @Test("a reset and a protocol violation lead to a new connection")
  func breaches() {
    var harness = MachineHarness.connected()
    harness.end()
    harness.advance(.seconds(1))
    harness.open()
    harness.written = []
    harness.event { $0.received(violation: FrameViolation(closeCode: 1002, text: "masked"), now: $1) }
    #expect(harness.written == ["close 1002"])
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.states.suffix(4) == [.reconnecting, .connected, .reconnecting, .connected])
  }

  @Test("pings are sent, and a connection on which nothing arrives is dropped")
  func keepAlive() {
    var harness = MachineHarness.connected()
    harness.advance(.seconds(59))
    #expect(harness.written == ["ping ", "ping "])
    harness.advance(.seconds(1))
    #expect(harness.drops == 1)
    #expect(harness.phase == .reconnecting)
  }

  @Test("any inbound bytes keep the connection")
  func keptAlive() {
    var harness = MachineHarness.connected()
    for _ in 0..<20 {
      harness.advance(.seconds(50))
      harness.event { $0.noteInbound(now: $1) }
    }
    #expect(harness.phase == .connected)
    #expect(harness.written.count == 50)
    harness.advance(.seconds(60))
    #expect(harness.phase == .reconnecting)
  }

  @Test("checks with a duration of zero are disabled")
  func keepAliveOff() {
    var harness = MachineHarness {
      $0.keepAlive.pingInterval = .zero
      $0.keepAlive.idleTimeout = .zero
      $0.keepAlive.handshakeTimeout = .zero
    }
    harness.connect()
    #expect(harness.machine.nextDeadline == nil)
  }

  @Test("the timers of a connection end with it")
  func timersEnd() {
    var harness = MachineHarness.connected { $0.reconnection.initialDelay = .seconds(100) }
    harness.end()
    harness.written = []
    harness.advance(.seconds(29))
    #expect(harness.written == [])
    #expect(harness.machine.timers.count == 1)
  }
}
