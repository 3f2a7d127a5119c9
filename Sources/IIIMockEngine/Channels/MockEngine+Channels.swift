extension MockEngine {
  /// The channels of the engine: what is in them, and what can go wrong with them.
  ///
  /// ```swift
  /// let channel = try await worker.createChannel()
  /// let id = channel.readerRef.channelID
  /// try await engine.channels.slow(id, bytesPerSecond: 1 << 20)
  /// …
  /// #expect(try await engine.channels.buffered(id) < 1 << 20)
  /// try await engine.channels.cut(id)
  /// ```
  public var channels: ChannelControls { ChannelControls(core: core) }

  /// Looks at channels and disturbs them. The same is there as functions: `mock::channels::list`, `cut` and `slow`.
  ///
  /// Methods that name a channel throw ``MockEngineError/unknownChannel(_:)`` if the engine does not have it: for example
  /// because both ends have ended, or an end was not opened for five minutes. All throw
  /// ``MockEngineError/stopped``.
  public struct ChannelControls: Sendable {
    let core: EngineCore

    /// An end of a channel.
    public enum End: String, Sendable, Hashable, CaseIterable {
      /// The end that the writer has.
      case writer
      /// The end that the reader has.
      case reader
    }

    /// All channels that have not ended, the oldest first.
    public func list() async throws -> [ChannelStatus] {
      try await ask { $0.all.map(\.status) }
    }

    /// A channel as it is now.
    public func status(_ id: String) async throws -> ChannelStatus { try await ask(id) { $0.status } }

    /// The bytes of a channel that the engine has received and the reader's system has not: whole messages, and what is
    /// being sent, with the headers of its frames.
    public func buffered(_ id: String) async throws -> Int { try await status(id).bufferedBytes }

    /// Resets the connections of one end of a channel, or of both. What waits in the channel for a reader that is cut is lost.
    ///
    /// As in the real engine, a reader cannot tell that its writer was lost: it is sent what had come, and a normal end. A
    /// writer learns of a lost reader with its next message, or at once if it waits for room. Ends that nobody has opened, and
    /// those that a request of the HTTP worker has, are left alone.
    ///
    /// - Parameters:
    ///   - id: The channel's id.
    ///   - end: The end to cut; `nil`: both.
    /// - Returns: How many connections were reset.
    @discardableResult public func cut(_ id: String, _ end: End? = nil) async throws -> Int {
      let directions: [ChannelDirection] =
        switch end {
        case .writer: [.write]
        case .reader: [.read]
        case nil: [.read, .write]
        }
      return try await ask(id) { $0.cut(directions) }
    }

    /// Sends the reader of a channel at most so many bytes in a second of the engine's time, now or when it connects. The
    /// writer feels it when the channel is full.
    ///
    /// - Parameters:
    ///   - id: The channel's id.
    ///   - bytesPerSecond: At least 1; `nil`: without a limit again.
    public func slow(_ id: String, bytesPerSecond: Int?) async throws {
      try await ask(id) { $0.limit(bytesPerSecond: bytesPerSecond.map { max($0, 1) }) }
    }

    // MARK: Internals

    private func ask<Result: Sendable>(_ body: @Sendable (ChannelsWorker) -> Result) async throws -> Result {
      guard let result = await core.withBuiltIn(ChannelsWorker.self, body) else { throw MockEngineError.stopped }
      return result
    }

    private func ask<Result: Sendable>(
      _ id: String, _ body: @Sendable (ChannelRelay) -> Result
    ) async throws -> Result {
      guard let result = try await ask({ $0.find(id: id).map(body) }) else {
        throw MockEngineError.unknownChannel(
          "there is no channel '\(id)': no worker has made it here, or it has ended (`channels.list()` has those that have not)"
        )
      }
      return result
    }
  }

  /// A channel at one moment.
  public struct ChannelStatus: Sendable, Hashable, Identifiable {
    /// What has become of an end.
    public enum End: String, Sendable, Hashable {
      /// Nobody has opened it.
      case unopened
      /// A connection has it, or a request of the HTTP worker.
      case open
      /// It was open, and no more.
      case ended
    }

    /// The channel's id, as in a `StreamChannelRef`.
    public let id: String
    /// The worker that made the channel; `nil` if the engine made it, for the body of an HTTP request.
    public let creator: WorkerLabel?
    /// How many messages may wait before the writer has to: `bufferSize`.
    public let capacity: Int
    /// The end that the writer has.
    public let writer: End
    /// The end that the reader has.
    public let reader: End
    /// The bytes that the engine has received and the reader's system has not.
    public let bufferedBytes: Int
    /// How many messages the reader was sent.
    public let messagesPassed: Int
    /// The limit that ``ChannelControls/slow(_:bytesPerSecond:)`` has set.
    public let bytesPerSecond: Int?
  }
}

extension MockEngine.ChannelStatus.End {
  /// - Parameter hasConnection: Whether a connection is still there, which may be sent the rest after the end.
  init(_ end: Channel.End, _ hasConnection: Bool) {
    self =
      switch end {
      case .free: .unopened
      case .open: .open
      case .gone: hasConnection ? .open : .ended
      }
  }
}
