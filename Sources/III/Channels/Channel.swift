/// A new channel: a stream of bytes and texts from one worker to another, through the engine.
///
/// The creator keeps one end and passes the other one on, as a part of any payload or result. Each end can be opened once.
///
/// ```swift
/// struct Upload: Codable, Sendable { var name: String; var content: ChannelReader }
///
/// let channel = try await iii.createChannel()
/// async let stored = iii.trigger("files::store", payload: Upload(name: "a.txt", content: channel.reader))
/// try await channel.writer.write(Array("hello".utf8))
/// try await channel.writer.close()
/// print(try await stored)
/// ```
///
/// Mirrors `create_channel` of the Python SDK.
public struct Channel: Sendable {
  /// The end that writes.
  public let writer: ChannelWriter
  /// The end that reads.
  public let reader: ChannelReader

  /// The ref of the writing end, for a payload that is a `JSONValue`.
  public var writerRef: StreamChannelRef { writer.ref }
  /// The ref of the reading end, for a payload that is a `JSONValue`.
  public var readerRef: StreamChannelRef { reader.ref }
}

/// A message of a channel.
public enum ChannelItem: Sendable, Hashable {
  /// A text, sent by ``ChannelWriter/sendMessage(_:)``.
  case text(String)
  /// A part of the data.
  case binary([UInt8])
}

/// The result of `engine::channels::create`.
private struct ChannelRefs: Decodable, Sendable {
  let writer: StreamChannelRef
  let reader: StreamChannelRef

  func channel(_ access: ChannelAccess) -> Channel {
    Channel(writer: ChannelWriter(writer, access), reader: ChannelReader(reader, access))
  }
}

extension III {
  /// Creates a channel at the engine.
  ///
  /// An end that nobody opens within five minutes is removed by the engine, with the whole channel.
  ///
  /// - Parameter bufferSize: How many messages the engine holds while the reader is slower than the writer, 1 to 1024; by default 64. Then
  ///   the writer waits.
  /// - Throws: As ``trigger(_:)``.
  public func createChannel(bufferSize: Int? = nil) async throws -> Channel {
    let refs: ChannelRefs = try await trigger(
      EngineFunctions.createChannel, payload: ["buffer_size": .init(bufferSize)])
    return refs.channel(channels)
  }

  /// The reading end of a channel whose ref came in a `JSONValue`. It connects when it is first read.
  public func channelReader(_ ref: StreamChannelRef) -> ChannelReader { ChannelReader(ref, channels) }

  /// The writing end of a channel whose ref came in a `JSONValue`. It connects when it is first written to.
  public func channelWriter(_ ref: StreamChannelRef) -> ChannelWriter { ChannelWriter(ref, channels) }
}

extension BlockingWorker {
  /// Creates a channel at the engine; blocks the thread until the engine has answered.
  ///
  /// Use the ends by ``ChannelWriter/blocking`` and ``ChannelReader/blocking``.
  ///
  /// - Parameter bufferSize: As for ``III/createChannel(bufferSize:)``.
  /// - Throws: As ``III/trigger(_:)``; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` or `BLOCKING_ON_LOOP`.
  public func createChannel(bufferSize: Int? = nil) throws -> Channel {
    let refs: ChannelRefs = try trigger(EngineFunctions.createChannel, payload: ["buffer_size": .init(bufferSize)])
    return refs.channel(worker.channels)
  }
}
