import Testing
import UV

@Suite struct TCPStreamTests {
  /// The events of both ends of a connection.
  struct Seen: Sendable {
    var received: [UInt8] = []
    var ends: [StreamEnd] = []
  }

  static func loopback(_ port: UInt16 = 0) -> SocketAddress {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { preconditionFailure("a constant") }
    return address
  }

  /// Runs `body` on the loop and waits for it.
  static func on<R: Sendable>(_ loop: Loop, _ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      loop.post { continuation.resume(with: Result { try body() }) }
    }
  }

  @Test func bytesArriveInOrderHoweverMany() async throws {
    let loop = try Loop(name: "test")
    let total = 20 << 20
    let received: Int = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var count = 0
          let listener = try TCPListener.listen(on: loop, at: Self.loopback()) { stream in
            var next: UInt8 = 0
            stream.onRead = { bytes in
              for byte in bytes {
                if byte != next { return continuation.resume(returning: -1) }
                next &+= 1
              }
              count += bytes.count
            }
            stream.onEnd = { end in
              #expect(end == .eof)
              continuation.resume(returning: count)
            }
            stream.startReading()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            guard case .success(let stream) = result else { return continuation.resume(returning: -2) }
            var sent = 0
            while sent < total {
              let size = min(total - sent, 300_000)
              stream.withWriteSpace(size) { memory in
                for index in 0..<size { memory[index] = UInt8(truncatingIfNeeded: sent + index) }
              }
              sent += size
            }
            #expect(stream.bytesQueued == UInt64(total))
            stream.closeAfterFlush()
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(received == total)
    #expect(await loop.stop() == 0)
  }

  @Test func aPeerThatDoesNotReadMakesABacklogAndLosesNothing() async throws {
    let loop = try Loop(name: "test")
    let total = 32 << 20
    let outcome: (backlog: Bool, received: Int) = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var accepted: TCPStream?
          var count = 0
          var backlog = false
          let listener = try TCPListener.listen(on: loop, at: Self.loopback()) { stream in
            accepted = stream
            stream.onRead = { bytes in
              count += bytes.count
              if count == total { continuation.resume(returning: (backlog, count)) }
            }
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            guard case .success(let stream) = result else { return }
            stream.onBacklog = { waiting in
              #expect(waiting > 0 && stream.bytesSent + UInt64(waiting) == stream.bytesQueued)
              backlog = true
              accepted?.startReading()
            }
            stream.onDrain = { #expect(stream.unsentBytes == 0) }
            stream.withWriteSpace(total) { $0.initializeMemory(as: UInt8.self, repeating: 7) }
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(outcome.backlog)
    #expect(outcome.received == total)
    #expect(await loop.stop() == 0)
  }

  @Test(
    "bytes that were held back are sent when the allowance is lifted, and their owner hears it",
    arguments: [false, true])
  func liftedAllowance(isEnding: Bool) async throws {
    let loop = try Loop(name: "test")
    let seen: (drains: Int, received: Int) = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var (drains, received) = (0, 0)
          let listener = try TCPListener.listen(on: loop, at: Self.loopback()) { stream in
            stream.onRead = { received += $0.count }
            stream.onEnd = { _ in continuation.resume(returning: (drains, received)) }
            stream.startReading()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            guard case .success(let stream) = result else { return }
            stream.onDrain = {
              drains += 1
              stream.closeAfterFlush()
            }
            stream.sendAllowance = 0
            stream.withWriteSpace(1000) { $0.initializeMemory(as: UInt8.self, repeating: 7) }
            stream.flush()
            #expect(stream.unsentBytes == 1000)
            if isEnding { stream.closeAfterFlush() }
            stream.sendAllowance = nil
            stream.flush()
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(seen == (isEnding ? 0 : 1, 1000))
    #expect(await loop.stop() == 0)
  }

  @Test func aPeersResetEndsTheStreamOnce() async throws {
    let loop = try Loop(name: "test")
    let ends: [StreamEnd] = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          let listener = try TCPListener.listen(on: loop, at: Self.loopback()) { stream in
            // A second call would resume the continuation twice, which traps.
            stream.onEnd = { end in
              stream.close()
              loop.post { continuation.resume(returning: [end]) }
            }
            stream.startReading()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            if case .success(let stream) = result { stream.reset() }
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(ends.count == 1)
    #expect(await loop.stop() == 0)
  }

  @Test func aTakenPortIsSaid() async throws {
    let loop = try Loop(name: "test")
    let error: UVError? = try await Self.on(loop) {
      let first = try TCPListener.listen(on: loop, at: Self.loopback()) { _ in }
      do {
        _ = try TCPListener.listen(on: loop, at: first.address) { _ in }
        return nil
      } catch let error as UVError {
        return error
      }
    }
    #expect(error?.isAddressInUse == true)
    #expect(await loop.stop() == 0)
  }

  @Test func aRefusedConnectionIsAnError() async throws {
    let loop = try Loop(name: "test")
    let code: UVError? = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          let listener = try TCPListener.listen(on: loop, at: Self.loopback()) { _ in }
          let address = listener.address
          listener.close()
          _ = TCPStream.connect(on: loop, to: address) { result in
            if case .failure(let error) = result { continuation.resume(returning: error) }
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(code?.name == "ECONNREFUSED")
    #expect(await loop.stop() == 0)
  }

  @Test(arguments: ["127.0.0.1", "::1"]) func bothFamiliesOfLoopback(host: String) async throws {
    let loop = try Loop(name: "test")
    let names: [String] = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          guard let address = SocketAddress(numericHost: host, port: 0) else { return }
          let listener = try TCPListener.listen(on: loop, at: address) { stream in
            continuation.resume(returning: [stream.peerAddress?.host ?? "", stream.localAddress?.host ?? ""])
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { _ in }
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(names == [host, host])
    #expect(await loop.stop() == 0)
  }

  @Test func namesAreResolved() async throws {
    #expect(Resolver.known("localhost", port: 5)?.map(\.description) == ["127.0.0.1:5", "[::1]:5"])
    #expect(Resolver.known("10.0.0.1", port: 80)?.first?.isLoopback == false)
    #expect(Resolver.known("example.invalid", port: 80) == nil)
    let loop = try Loop(name: "test")
    let error: UVError? = await withCheckedContinuation { continuation in
      loop.post {
        Resolver.resolve("no-such-host.invalid", port: 80, on: loop) { addresses, error in
          #expect(addresses.isEmpty)
          continuation.resume(returning: error)
        }
      }
    }
    #expect(error?.operation == "look up no-such-host.invalid")
    #expect(await loop.stop() == 0)
  }
}
