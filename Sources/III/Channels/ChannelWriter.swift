internal import UV

/// The writing end of a channel.
///
/// It connects with the first write. Data and texts arrive in the order in which they were written. Always end it with ``close()``, which
/// throws if data may have been lost.
///
/// ```swift
/// try await writer.write(Array("a,b\n".utf8))
/// try await writer.sendMessage(#"{"rows": 1}"#)
/// try await writer.close()
/// ```
///
/// As a member of a `Codable` type it is encoded as its ``StreamChannelRef``, and decoded from it in the payloads and results of a worker.
/// Mirrors `ChannelWriter` of the Python SDK.
public final class ChannelWriter: Sendable {
  /// The ref of this end.
  public let ref: StreamChannelRef
  private let end: Result<ChannelWriterEnd, IIIChannelError>

  /// Creates the writing end of a channel for a program without a worker, or for another engine than the worker's.
  ///
  /// - Parameters:
  ///   - engineURL: The engine's URL without the path of the channel, such as `ws://127.0.0.1:49134`. If it is not valid, the first write
  ///     throws.
  ///   - ref: The end, with the direction `write`.
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
      case .success where ref.direction != .write: .failure(IIIChannelError(.wrongDirection, ref))
      case .success(let access): .success(ChannelWriterEnd(ref, access))
      }
  }

  deinit { if case .success(let end) = end { end.abandon() } }

  /// Sends bytes. They arrive in parts of at most 64 KiB, whose bounds have no meaning; no bytes arrive as one empty part.
  ///
  /// It suspends while more than 1 MiB waits for the socket, so a slow reader slows the writer down. A cancelled write may have sent a part
  /// of its bytes.
  ///
  /// - Throws: ``IIIChannelError``: an earlier write may be the cause; `CancellationError`.
  public func write<Bytes: Sequence & Sendable>(_ bytes: Bytes) async throws where Bytes.Element == UInt8 {
    try await send(.binary, Array(bytes))
  }

  /// Sends a text beside the data: the reader has it as ``ChannelItem/text(_:)``, or passes it to ``ChannelReader/onMessage(_:)``.
  ///
  /// - Throws: As ``write(_:)``.
  public func sendMessage(_ text: String) async throws { try await send(.text, Array(text.utf8)) }

  /// Ends the stream and returns when the engine has received everything; the reader may be slower.
  ///
  /// While the engine's buffer is full, it waits for the reader: cancel the task to give up. A writer that has written nothing connects, so
  /// that the reader learns of the end. A second call has the outcome of the first.
  ///
  /// - Throws: ``IIIChannelError`` if data may have been lost; `CancellationError`.
  public func close() async throws {
    let end = try end.get()
    end.backlog.close()
    try await wait(end) { core, id, done in core.close(id, done) }
  }

  /// The same end for code that is not `async`; its calls block the thread.
  public var blocking: BlockingChannelWriter { BlockingChannelWriter(writer: self) }

  private func send(_ opcode: Opcode, _ bytes: [UInt8]) async throws {
    try Task.checkCancellation()
    let end = try end.get()
    if try end.sendAtOnce(opcode, bytes) { return }
    try await wait(end) { core, id, done in core.write(id, opcode, bytes, done) }
  }

  private func wait(
    _ end: ChannelWriterEnd,
    _ begin: @escaping @Sendable (ChannelWriterCore, UInt64, @escaping ChannelWriterCore.Done) -> Void
  ) async throws {
    try Task.checkCancellation()
    let id = end.backlog.nextID()
    let activity = HandlerActivity.current
    let handoff = Handoff()
    defer { handoff.acquire() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        end.post(
          { core in
            activity?.beginWait()
            begin(core, id) {
              activity?.endWait()
              handoff.release()
              continuation.resume(with: $0)
            }
          }, orFail: { continuation.resume(throwing: $0) })
        // If the task was cancelled before the post, the cancellation handler had nothing to cancel.
        if Task.isCancelled { end.cancel(id) }
      }
    } onCancel: {
      end.cancel(id)
    }
  }

  fileprivate func wait(
    blocking call: String,
    _ begin: @escaping @Sendable (ChannelWriterCore, UInt64, @escaping ChannelWriterCore.Done) -> Void
  ) throws {
    try BlockingCall.check(call)
    let end = try end.get()
    let id = end.backlog.nextID()
    let activity = HandlerActivity.current
    try BlockingCall.value { done in
      end.post(
        { core in
          activity?.beginWait()
          begin(core, id) {
            activity?.endWait()
            done($0)
          }
        }, orFail: { done(.failure($0)) })
    }.get()
  }

  fileprivate func send(blocking call: String, _ opcode: Opcode, _ bytes: [UInt8]) throws {
    if try end.get().sendAtOnce(opcode, bytes) { return }
    try wait(blocking: call) { core, id, done in core.write(id, opcode, bytes, done) }
  }

  fileprivate func closeBlocking() throws {
    try end.get().backlog.close()
    try wait(blocking: "close") { core, id, done in core.close(id, done) }
  }
}

extension ChannelWriter: Codable, JSONSchemaProviding {
  /// Decodes the ref and creates its end, which connects to the engine that the payload came from.
  ///
  /// - Throws: `DecodingError.dataCorrupted` with any other decoder than a worker's, and for the ref of a reading end.
  public convenience init(from decoder: any Decoder) throws {
    let (ref, access) = try ChannelAccess.decode(.write, ChannelWriter.self, from: decoder)
    self.init(ref, access)
  }

  /// Encodes the ref.
  public func encode(to encoder: any Encoder) throws { try ref.encode(to: encoder) }

  /// The schema of a ref.
  public static var jsonSchema: JSONValue { ChannelAccess.schema(.write) }
}

/// A ``ChannelWriter`` for code that is not `async`: its calls block the thread. Inside a task they throw ``IIIInvocationError`` with the
/// code `BLOCKING_IN_TASK`.
public struct BlockingChannelWriter: Sendable {
  /// The same end, with async calls.
  public let writer: ChannelWriter

  /// As ``ChannelWriter/write(_:)``.
  public func write<Bytes: Sequence>(_ bytes: Bytes) throws where Bytes.Element == UInt8 {
    try writer.send(blocking: "write", .binary, Array(bytes))
  }

  /// As ``ChannelWriter/sendMessage(_:)``.
  public func sendMessage(_ text: String) throws { try writer.send(blocking: "sendMessage", .text, Array(text.utf8)) }

  /// As ``ChannelWriter/close()``.
  public func close() throws { try writer.closeBlocking() }
}
