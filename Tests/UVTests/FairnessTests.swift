import Testing

@testable import UV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// No stream and no poster delays the others by more than its share of a turn.
@Suite struct FairnessTests {
  @Test("a stream with much to read is read once, then the others") func oneReadATurn() async throws {
    let loop = try Loop(name: "test")
    let order: [Character] = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var order: [Character] = []
          var names: [Character] = ["a", "b"]
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            let name = names.removeFirst()
            stream.onRead = { bytes in
              #expect(bytes.count <= 256 << 10)
              order.append(name)
              if name == "b" { continuation.resume(returning: order) }
            }
            stream.startReading()
          }
          // On the loop's own thread: all of it has been sent before the loop reads.
          let busy = try PlainSocket(connectedTo: listener.address.port)
          let quiet = try PlainSocket(connectedTo: listener.address.port)
          #expect(busy.sendAllThatFits() > 4 * 64 << 10)
          quiet.send([1])
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(order.count <= 2)
    #expect(await loop.stop() == 0)
  }

  @Test("postponed bytes come again in order, and other streams are read in between") func postponedBytes() async throws
  {
    let loop = try Loop(name: "test")
    let total = 200_000
    let seen: (busy: [UInt8], busyCallsBeforeQuiet: Int) = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var received: [UInt8] = []
          var calls = 0
          var callsBeforeQuiet = 0
          var isBusy = true
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            if isBusy {
              stream.onRead = { [unowned stream] bytes in
                calls += 1
                received += bytes.prefix(100)
                if bytes.count > 100 { stream.postpone(UnsafeMutableRawBufferPointer(rebasing: bytes[100...])) }
                if received.count == total { continuation.resume(returning: (received, callsBeforeQuiet)) }
              }
            } else {
              stream.onRead = { _ in callsBeforeQuiet = calls }
            }
            isBusy = false
            stream.startReading()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            guard case .success(let busy) = result else { return }
            busy.withWriteSpace(total) { memory in
              for index in 0..<total { memory[index] = UInt8(truncatingIfNeeded: index &* 31) }
            }
            _ = TCPStream.connect(on: loop, to: listener.address) { result in
              if case .success(let quiet) = result { quiet.withWriteSpace(1) { $0[0] = 1 } }
            }
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(seen.busy == (0..<total).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    #expect(seen.busyCallsBeforeQuiet < total / 100)
    #expect(await loop.stop() == 0)
  }

  @Test("postponed bytes wait while reading is stopped, and an end comes after them") func stoppedWithPostponedBytes()
    async throws
  {
    let loop = try Loop(name: "test")
    let received: [UInt8] = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var received: [UInt8] = []
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            stream.onRead = { [unowned stream] bytes in
              received.append(bytes[0])
              stream.postpone(UnsafeMutableRawBufferPointer(rebasing: bytes[1...]))
              stream.stopReading()
              // Two turns later nothing has come: the calls of a stream that did not stop would come first.
              let count = received.count
              let check = LoopBound(
                {
                  #expect(received.count == count)
                  stream.startReading()
                }, on: loop)
              loop.post { loop.post { check.value() } }
            }
            stream.onEnd = { end in
              #expect(end == .eof)
              continuation.resume(returning: received)
            }
            stream.startReading()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            guard case .success(let stream) = result else { return }
            stream.withWriteSpace(5) { $0.copyBytes(from: [1, 2, 3, 4, 5]) }
            stream.closeAfterFlush()
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(received == [1, 2, 3, 4, 5])
    #expect(await loop.stop() == 0)
  }

  @Test("a stream may be closed while it handles or keeps postponed bytes", arguments: [1, 2])
  func closedWhilePostponed(
    call: Int
  ) async throws {
    let loop = try Loop(name: "test")
    let calls: Int = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var calls = 0
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            stream.onRead = { [unowned stream] bytes in
              calls += 1
              if calls == call {
                if call == 1 { stream.postpone(bytes) }
                stream.close()
                let result = calls
                loop.post { loop.post { continuation.resume(returning: result) } }
              } else {
                stream.postpone(bytes)
              }
              #expect(bytes[0] == 7)
            }
            stream.startReading()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            if case .success(let stream) = result { stream.withWriteSpace(1) { $0[0] = 7 } }
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(calls == call)
    #expect(await loop.stop() == 0)
  }

  @Test("reading goes on while another thread has posted much work") func manyPosts() async throws {
    let loop = try Loop(name: "test")
    let count = 20_000
    let ran = Lock(0)
    let ranBeforeRead: Int = try await withCheckedThrowingContinuation { continuation in
      let isReady = Rendezvous<Bool>()
      let isPosted = Rendezvous<Bool>()
      loop.post {
        do {
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            stream.onRead = { _ in continuation.resume(returning: ran.withLock { $0 }) }
            stream.startReading()
            // The loop stands still here until everything has been posted and sent.
            isReady.put(true)
            _ = isPosted.wait()
          }
          let socket = try PlainSocket(connectedTo: listener.address.port)
          socket.send([1])
        } catch { continuation.resume(throwing: error) }
      }
      _ = startDetachedThread(named: "poster") {
        _ = isReady.wait()
        for _ in 0..<count { loop.post { ran.withLock { $0 += 1 } } }
        isPosted.put(true)
      }
    }
    #expect(ranBeforeRead < count)
    #expect(await loop.stop() == 0)
    #expect(ran.withLock { $0 } == count)
  }

  @Test("output of one turn grows by doubling") func doubling() async throws {
    let loop = try Loop(name: "test")
    let growths: Int = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { _ in }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            guard case .success(let stream) = result else { return continuation.resume(returning: -1) }
            var capacities: Set<Int> = []
            for _ in 0..<512 {
              stream.withWriteSpace(64 << 10) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
              capacities.insert(stream.outCapacity)
            }
            #expect(stream.unflushedBytes == 32 << 20)
            stream.close()
            continuation.resume(returning: capacities.count)
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(growths >= 1 && growths <= 11)
    #expect(await loop.stop() == 0)
  }

  @Test("accepted connections are asked after a minute of silence whether they are still there") func keepAlive()
    async throws
  {
    let loop = try Loop(name: "test")
    let options: [Int32] = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            let descriptor = stream.descriptor ?? -1
            #if canImport(Glibc)
              let idle = TCP_KEEPIDLE
            #else
              let idle = TCP_KEEPALIVE
            #endif
            let tcp = Int32(IPPROTO_TCP)
            continuation.resume(
              returning: [(SOL_SOCKET, SO_KEEPALIVE), (tcp, idle), (tcp, TCP_KEEPINTVL), (tcp, TCP_KEEPCNT)].map {
                PlainSocket.option($0.0, $0.1, of: descriptor)
              })
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { _ in }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(options.first.map { $0 != 0 } == true)
    #expect(options.dropFirst() == [60, 10, 3])
    #expect(await loop.stop() == 0)
  }
}

/// A blocking socket outside of any loop; closed with its last reference.
private final class PlainSocket {
  private let descriptor: Int32

  struct Failure: Error {}

  init(connectedTo port: UInt16) throws {
    #if canImport(Glibc)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    if code != 0 { throw Failure() }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) {
    #if canImport(Glibc)
      let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
    #else
      let sent = bytes.withUnsafeBytes { Darwin.send(descriptor, $0.baseAddress, $0.count, 0) }
    #endif
    #expect(sent == bytes.count)
  }

  /// Sends until the system takes no more; returns how much it took.
  func sendAllThatFits() -> Int {
    let piece = [UInt8](repeating: 0, count: 64 << 10)
    var total = 0
    while true {
      #if canImport(Glibc)
        let sent = piece.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
      #else
        let sent = piece.withUnsafeBytes { Darwin.send(descriptor, $0.baseAddress, $0.count, MSG_DONTWAIT) }
      #endif
      guard sent > 0 else { return total }
      total += sent
    }
  }

  static func option(_ level: Int32, _ name: Int32, of descriptor: Int32) -> Int32 {
    var value: Int32 = -1
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1
  }
}
