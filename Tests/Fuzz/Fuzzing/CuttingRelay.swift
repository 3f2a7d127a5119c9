import III
import TestSupport
import UV

/// A relay between a worker and an engine that cuts connections and pauses reading, at random places. Confined to its loop.
final class CuttingRelay {
  let loop: Loop
  let timers: LoopTimers
  private let engine: SocketAddress
  private let tls: TLSContext?
  private var random: SeededGenerator
  private var listener: TCPListener?
  private var cables: [ObjectIdentifier: Cable] = [:]
  private(set) var cuts = 0
  private(set) var pauses = 0
  /// Whether connections are left alone from now on.
  private(set) var isCalm = false

  /// With a TLS context workers connect by TLS; the engine is always reached by plain TCP.
  init(on loop: Loop, to engine: SocketAddress, tls: TLSContext?, random: SeededGenerator) throws(UVError) {
    self.loop = loop
    self.engine = engine
    self.tls = tls
    self.random = random
    timers = LoopTimers(on: loop, source: .system)
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: 0) else {
      throw UVError(code: -22, operation: "find loopback")
    }
    listener = try TCPListener.listen(on: loop, at: address) { [unowned self] in accept($0) }
  }

  var url: String { "\(tls == nil ? "ws" : "wss")://127.0.0.1:\(listener?.address.port ?? 0)" }

  func calm() { isCalm = true }

  func close() {
    listener?.close()
    for cable in cables.values { cable.close() }
    timers.close()
  }

  private func accept(_ stream: TCPStream) {
    let worker: Transport
    if let tls {
      guard let session = try? TLSSession(server: tls) else { return stream.close() }
      worker = .secure(TLSStream(stream, session))
    } else {
      worker = .plain(stream)
    }
    let cable = Cable(worker, self)
    cables[ObjectIdentifier(cable)] = cable
    cable.start(to: engine)
  }

  func ended(_ cable: Cable) { cables[ObjectIdentifier(cable)] = nil }

  /// After how many bytes of a connection something happens next, and what.
  func nextIncident() -> (bytes: Int, isCut: Bool, pause: Duration) {
    let bytes = random.oneIn(3) ? random.below(2_000) : random.below(200_000)
    let isCut = random.oneIn(3)
    if isCalm { return (.max, false, .zero) }
    if isCut { cuts += 1 } else { pauses += 1 }
    return (bytes, isCut, .milliseconds(random.below(20)))
  }
}

/// One connection through the relay.
final class Cable {
  private let worker: Transport
  private unowned let relay: CuttingRelay
  private var engine: TCPStream?
  private var attempt: ConnectAttempt?
  private var early: [UInt8] = []
  private var incident: (bytes: Int, isCut: Bool, pause: Duration)
  private var isClosed = false

  init(_ worker: Transport, _ relay: CuttingRelay) {
    self.worker = worker
    self.relay = relay
    incident = relay.nextIncident()
  }

  func start(to address: SocketAddress) {
    worker.listen(
      onRead: { [unowned self] in fromWorker($0) }, onEnd: { [unowned self] _ in close() })
    switch worker {
    case .plain(let stream): stream.startReading()
    case .secure(let stream): stream.start()
    }
    attempt = TCPStream.connect(on: relay.loop, to: address) { [weak self] result in
      guard let self else { return }
      attempt = nil
      switch result {
      case .failure: close()
      case .success(let stream): connected(stream)
      }
    }
  }

  private func connected(_ stream: TCPStream) {
    engine = stream
    stream.onRead = { [unowned self] bytes in
      worker.write(Array(bytes))
      pass(bytes.count)
    }
    stream.onEnd = { [unowned self] _ in close() }
    stream.startReading()
    early.withUnsafeBytes { stream.write($0) }
    early = []
  }

  private func fromWorker(_ bytes: UnsafeMutableRawBufferPointer) {
    if let engine { engine.write(UnsafeRawBufferPointer(bytes)) } else { early += bytes }
    pass(bytes.count)
  }

  /// Counts bytes, and lets happen what is due.
  private func pass(_ count: Int) {
    guard !isClosed, !relay.isCalm else { return }
    incident.bytes -= count
    guard incident.bytes <= 0 else { return }
    guard !incident.isCut else { return close() }
    let pause = incident.pause
    incident = relay.nextIncident()
    setReading(false)
    relay.timers.schedule(after: pause) { [weak self] in self?.setReading(true) }
  }

  private func setReading(_ isReading: Bool) {
    guard !isClosed else { return }
    switch worker {
    case .plain(let stream): if isReading { stream.startReading() } else { stream.stopReading() }
    case .secure(let stream): if isReading { stream.startReading() } else { stream.stopReading() }
    }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    attempt?.cancel()
    worker.close()
    engine?.close()
    // Later: a callback of one of the streams may run.
    let me = LoopBound(self, on: relay.loop)
    relay.loop.post { me.value.relay.ended(me.value) }
  }
}
