internal import UV

/// The reading end of a channel: an `AsyncSequence` of the data.
///
/// It connects when it is first read. While more than 1 MiB waits to be taken, the socket is not read, and the writer waits.
///
/// ```swift
/// for try await part in reader { hash.update(part) }
/// ```
///
/// The sequence ends when the writer has closed its end. It throws ``IIIChannelError`` if the connection was lost before; an engine does not
/// tell whether a writer that is gone has written everything. Texts are passed to ``onMessage(_:)``, or are among the ``items``.
///
/// As a member of a `Codable` type it is encoded as its ``StreamChannelRef``, and decoded from it in the payloads and results of a worker.
/// Mirrors `ChannelReader` of the Python SDK.
public final class ChannelReader: Sendable, AsyncSequence {
  /// A part of the data; where one ends has no meaning.
  public typealias Element = [UInt8]

  /// The ref of this end.
  public let ref: StreamChannelRef
  private let end: Result<ChannelReaderEnd, IIIChannelError>
  private let handlers = Lock<[@Sendable (String) -> Void]>([])

  /// Creates the reading end of a channel for a program without a worker, or for another engine than the worker's.
  ///
  /// - Parameters:
  ///   - engineURL: The engine's URL without the path of the channel, such as `ws://127.0.0.1:49134`. If it is not valid, the first read
  ///     throws.
  ///   - ref: The end, with the direction `read`.
  ///   - headers: Headers of the handshake.
  public convenience init(engineURL: String, ref: StreamChannelRef, headers: [String: String] = [:]) {
    self.init(ref, Result { try ChannelAccess(engineURL: engineURL, headers: headers) })
  }

  convenience init(_ ref: StreamChannelRef, _ access: ChannelAccess) { self.init(ref, .success(access)) }

  private init(_ ref: StreamChannelRef, _ access: Result<ChannelAccess, any Error>) {
    self.ref = ref
    end =
      switch access {
      case .failure(let error): .failure(IIIChannelError(.noConnection("\(error)"), ref))
      case .success where ref.direction != .read: .failure(IIIChannelError(.wrongDirection, ref))
      case .success(let access): .success(ChannelReaderEnd(ref, access))
      }
  }

  deinit { closeNow() }

  /// Iterates over the data. All iterators of a reader take from the same stream.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let reader: ChannelReader

    /// The next part of the data; `nil` at its end.
    ///
    /// - Throws: ``IIIChannelError``; `CancellationError`: the part that would have come next is not lost.
    public mutating func next() async throws -> [UInt8]? { try await reader.nextPart() }
  }

  /// Iterates over the data.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: self) }

  /// Data and texts in the order in which they were written.
  ///
  /// - Throws: The stream throws as the iterator does.
  public var items: AsyncThrowingStream<ChannelItem, any Error> {
    AsyncThrowingStream { [self] in try await nextItem() }
  }

  /// Has each text passed to `handler`, in their order, when the iterator or ``readAll(maxBytes:)`` comes to it.
  ///
  /// Handlers that are added later do not get earlier texts. They run one after another in the task that reads.
  public func onMessage(_ handler: @escaping @Sendable (String) -> Void) { handlers.withLock { $0.append(handler) } }

  /// All data up to the end.
  ///
  /// - Parameter maxBytes: The most bytes to accept; without it there is no limit.
  /// - Throws: ``IIIChannelError``, with the reason `tooLarge` if there are more: the reader is then closed; `CancellationError`.
  public func readAll(maxBytes: Int? = nil) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let part = try await nextPart() { try append(part, to: &all, maxBytes) }
    return all
  }

  /// Ends the connection; what was not read is lost. The writer's next write fails. It has no effect after the end of the data.
  public func close() async { closeNow() }

  fileprivate func closeNow() { if case .success(let end) = end { end.close() } }

  /// The same end for code that is not `async`; its calls block the thread.
  public var blocking: BlockingChannelReader { BlockingChannelReader(reader: self) }

  private func append(_ part: [UInt8], to all: inout [UInt8], _ limit: Int?) throws {
    if let limit, part.count > limit - all.count {
      closeNow()
      throw IIIChannelError(.tooLarge(limit: limit), ref)
    }
    all += part
  }

  private func nextPart() async throws -> [UInt8]? {
    while let item = try await nextItem() {
      if let part = part(of: item) { return part }
    }
    return nil
  }

  /// The data of an item; a text is passed to its handlers.
  private func part(of item: ChannelItem) -> [UInt8]? {
    switch item {
    case .binary(let part): return part
    case .text(let text):
      for handler in handlers.withLock({ $0 }) { handler(text) }
      return nil
    }
  }

  private func nextItem() async throws -> ChannelItem? {
    try Task.checkCancellation()
    let end = try end.get()
    let id = end.nextID()
    let handoff = Handoff()
    defer { handoff.acquire() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        end.take(id) {
          handoff.release()
          continuation.resume(with: $0)
        }
        if Task.isCancelled { end.cancel(id) }
      }
    } onCancel: {
      end.cancel(id)
    }
  }

  fileprivate func nextPartBlocking() throws -> [UInt8]? {
    let end = try end.get()
    while true {
      let item = try BlockingCall.value { done in end.take(end.nextID(), done) }.get()
      guard let item else { return nil }
      if let part = part(of: item) { return part }
    }
  }

  fileprivate func readAllBlocking(_ limit: Int?) throws -> [UInt8] {
    var all: [UInt8] = []
    while let part = try nextPartBlocking() { try append(part, to: &all, limit) }
    return all
  }
}

extension ChannelReader: Codable, JSONSchemaProviding {
  /// Decodes the ref and creates its end, which connects to the engine that the payload came from.
  ///
  /// - Throws: `DecodingError.dataCorrupted` with any other decoder than a worker's, and for the ref of a writing end.
  public convenience init(from decoder: any Decoder) throws {
    let (ref, access) = try ChannelAccess.decode(.read, ChannelReader.self, from: decoder)
    self.init(ref, access)
  }

  /// Encodes the ref.
  public func encode(to encoder: any Encoder) throws { try ref.encode(to: encoder) }

  /// The schema of a ref.
  public static var jsonSchema: JSONValue { ChannelAccess.schema(.read) }
}

/// A ``ChannelReader`` for code that is not `async`: its calls block the thread. Inside a task they throw ``IIIInvocationError`` with the
/// code `BLOCKING_IN_TASK`.
public struct BlockingChannelReader: Sendable {
  /// The same end, with async calls.
  public let reader: ChannelReader

  /// The next part of the data; `nil` at its end.
  ///
  /// - Throws: As the iterator of ``ChannelReader``.
  public func next() throws -> [UInt8]? {
    try BlockingCall.check("next")
    return try reader.nextPartBlocking()
  }

  /// As ``ChannelReader/readAll(maxBytes:)``.
  public func readAll(maxBytes: Int? = nil) throws -> [UInt8] {
    try BlockingCall.check("readAll")
    return try reader.readAllBlocking(maxBytes)
  }

  /// As ``ChannelReader/close()``.
  public func close() { reader.closeNow() }
}
