import III

extension ChannelReader {
  /// Reads to the end, at a rate; `waiting` is called each time before the reader waits.
  func readSlowly(
    bytesPerSecond: Int, whenWaiting waiting: () -> Void
  ) async throws -> (digest: String, count: Int) {
    var digest = Digest()
    var count = 0
    let begin = nanoseconds()
    for try await part in self {
      digest.update(part[...])
      count += part.count
      let early = Double(count) / Double(bytesPerSecond) - Double(nanoseconds() - begin) / 1e9
      if early > 0.005 {
        waiting()
        try await Task.sleep(for: .seconds(early))
      }
    }
    return (digest.finish(), count)
  }
}
