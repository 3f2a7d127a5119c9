import Foundation
import III
import IIIMockEngine

/// What the hashing worker is given: a file's name and size, and its content as a channel.
struct Upload: Codable, Sendable {
  var name: String
  var size: Int
  var content: ChannelReader
  /// Texts with the part that was read, for the progress line.
  var progress: ChannelWriter
}

/// One worker streams a file, another hashes it while it comes: `swift run -c release digest FILE`; without a file, this source. In a
/// debug build the hash, not the channel, limits the speed to a few MB/s.
///
/// With `III_URL` both use that engine; without it, one in this process.
@main
struct Digest {
  static func main() async throws {
    let path = CommandLine.arguments.dropFirst().first ?? #filePath
    let engine = ProcessInfo.processInfo.environment["III_URL"] == nil ? try await MockEngine.start() : nil
    let hasher = try await registerWorker(engine?.url, options: InitOptions(workerName: "hasher"))
    try hasher.registerFunction("files::sha256") { (upload: Upload) async throws -> String in
      var hash = SHA256()
      var (read, shown) = (0, 0)
      for try await part in upload.content {
        hash.update(part)
        read += part.count
        let percent = upload.size > 0 ? read * 100 / upload.size : 100
        if percent > shown {
          shown = percent
          try await upload.progress.sendMessage("\(percent)")
        }
      }
      try await upload.progress.close()
      return hash.hexDigest()
    }

    let sender = try await registerWorker(engine?.url, options: InitOptions(workerName: "sender"))
    let digest = try await send(path, from: sender)
    print("\(digest)  \(path)")

    await sender.shutdown()
    await hasher.shutdown()
    await engine?.shutdown()
  }

  private static func send(_ path: String, from worker: III) async throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw IIIInvocationError(code: "NO_FILE", message: "\(path) cannot be read")
    }
    let size = Int(try file.seekToEnd())
    try file.seek(toOffset: 0)
    let (content, progress) = (try await worker.createChannel(), try await worker.createChannel())
    let upload = Upload(name: path, size: size, content: content.reader, progress: progress.writer)
    async let digest: String = worker.trigger("files::sha256", payload: upload, timeout: .seconds(3600))
    async let shown: Void = show(progress.reader, of: size)
    // A write suspends while the hasher is slower: memory stays small however large the file is.
    while let part = try file.read(upToCount: 64 << 10), !part.isEmpty { try await content.writer.write(part) }
    try await content.writer.close()
    try await shown
    return try await digest
  }

  /// The progress, in one line that is written again and again.
  private static func show(_ progress: ChannelReader, of size: Int) async throws {
    let begin = ContinuousClock.now
    for try await item in progress.items {
      guard case .text(let percent) = item else { continue }
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      let rate = Double(size) * (Double(percent) ?? 0) / 100 / max(seconds, 0.001) / 1e6
      FileHandle.standardError.write(Data("\r\(percent) %, \(Int(rate)) MB/s   ".utf8))
    }
    FileHandle.standardError.write(Data("\n".utf8))
  }
}
