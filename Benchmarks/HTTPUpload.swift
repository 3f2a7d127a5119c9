import III
import UV

/// A large body that is posted to a function, which reads it from its channel more slowly than it is sent. Fails if other bytes arrive, or
/// the engine keeps more than a part of them.
enum HTTPUpload {
  private static let memoryLimit = 64 << 20

  private struct Request: Decodable, Sendable {
    let body: ChannelReader

    private enum CodingKeys: String, CodingKey { case body = "request_body" }
  }

  static func run(_ path: String, bytes: Int, bytesPerSecond: Int) async {
    do {
      let engine = ChildProcess.engine(path)
      let pid = engine.pid
      let worker = try await registerWorker("ws://127.0.0.1:\(engine.port)")
      let peak = Lock(0)
      try worker.registerFunction("bench::upload") { (request: Request) async throws -> JSONValue in
        let (digest, _) = try await request.body.readSlowly(bytesPerSecond: bytesPerSecond) {
          peak.withLock { $0 = max($0, residentBytes(of: pid)) }
        }
        return ["body": .string(digest)]
      }
      try worker.registerTrigger(
        HttpTriggerConfig(apiPath: "/upload", httpMethod: .post), functionID: "bench::upload")
      _ = try await worker.trigger("engine::workers::list", payload: [:] as JSONValue)  // the engine has the route
      let before = residentBytes(of: pid)
      let begin = nanoseconds()
      let port = engine.httpPort
      let (sent, answer) = await withCheckedContinuation { continuation in
        _ = startDetachedThread(named: "upload") { continuation.resume(returning: post(bytes, to: port)) }
      }
      let seconds = Double(nanoseconds() - begin) / 1e9
      await worker.shutdown()
      engine.stop()
      let isEqual = answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix("\"\(sent)\"")
      let grown = max(0, peak.withLock { $0 } - before)
      announce(
        "a body of \(bytes >> 20) MiB posted to a function that reads \(bytesPerSecond / 1_000_000) MB/s: \(seconds.text(1)) s, SHA-256 "
          + "\(isEqual ? "equal" : "DIFFERS"); the engine's memory grew by at most \(grown >> 20) MiB, allowed "
          + "\(memoryLimit >> 20) MiB")
      if !isEqual { fail("the function has other bytes than were posted: \(answer)") }
      if grown > memoryLimit { fail("a large body costs memory") }
    } catch {
      fail("\(error)")
    }
  }

  /// Posts a body on a connection of its own; returns the digest of what was sent, and the answer.
  private static func post(_ bytes: Int, to port: UInt16) -> (sent: String, answer: String) {
    let socket = BlockingSocket(port: port)
    socket.send(
      Array("POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(bytes)\r\n\r\n".utf8))
    var digest = Digest()
    var part = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    var left = bytes
    while left > 0 {
      part.withUnsafeMutableBytes { $0.storeBytes(of: left, as: Int.self) }
      let next = Array(part.prefix(left))
      digest.update(next[...])
      if !socket.send(next) { fail("the engine ended the connection of an upload with \(left.grouped) bytes left") }
      left -= next.count
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while case let count = socket.receive(&buffer), count > 0 { answer += buffer.prefix(count) }
    socket.free()
    return (digest.finish(), String(decoding: answer, as: UTF8.self))
  }
}
