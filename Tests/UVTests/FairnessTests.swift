import Testing

@testable import UV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// No stream and no other thread delays the others by more than its share of a turn.
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

  @Test("postponed bytes are delivered again in order, other streams are read in between") func postponedBytes()
    async throws
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

  @Test("postponed bytes wait while reading is stopped; an end comes after them") func stoppedWithPostponedBytes()
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
              // After two turns nothing has arrived; a stream that did not stop would have been called before.
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

  @Test("reading continues although another thread has posted much work") func manyPosts() async throws {
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
            // The loop is blocked here until everything has been posted and sent.
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

  @Test("the output buffer of one turn grows by doubling") func doubling() async throws {
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

  @Test("accepted connections are probed with TCP keep-alive after a minute without traffic") func keepAlive()
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
