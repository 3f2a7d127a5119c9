import III

/// A writer and a reader of the SDK at an engine, between which data flows one way.
struct SDKChannelPair {
  private let worker: III

  static func connect(to url: String) async throws -> SDKChannelPair {
    SDKChannelPair(worker: try await registerWorker(url, options: InitOptions(workerName: "bench channels")))
  }

  /// Bytes in a second, of messages of 64 KiB on a channel of its own, for about `seconds`.
  func rate(seconds: Double) async throws -> Double {
    let part = [UInt8](repeating: 0x61, count: 64 << 10)
    var (count, rate) = (512, 0.0)
    for _ in 0..<2 {  // the first pass finds out how many messages fill the time
      let channel = try await worker.createChannel()
      let (writer, messages) = (channel.writer, count)
      let begin = nanoseconds()
      async let written: Void = {
        for _ in 0..<messages { try await writer.write(part) }
      }()
      var received = 0
      for try await part in channel.reader {
        received += part.count
        // The end of a channel takes its pause, which is not measured.
        if received == count * part.count { break }
      }
      rate = Double(received) / Double(nanoseconds() - begin) * 1e9
      try await written
      try await channel.writer.close()
      await channel.reader.close()
      count = max(count, Int(rate * seconds) / part.count)
    }
    return rate
  }

  func shutdown() async { await worker.shutdown() }
}
