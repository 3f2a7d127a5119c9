/// The storage of a stream that a worker provides, in place of the engine's own.
///
/// `createStream` registers it. The engine calls it for all reads and writes of the stream, from all workers and clients, and
/// tells subscribers of the changes. The methods run concurrently.
///
/// Mirrors `IStream` of the Python SDK.
public protocol IStream<Item>: Sendable {
  /// The items of the stream.
  associatedtype Item: Codable & Sendable

  /// The item; `nil` if there is none.
  func get(_ input: StreamGetInput) async throws -> Item?
  /// Sets the item. The engine reports an error to its caller if the result is `nil`.
  func set(_ input: StreamSetInput<Item>) async throws -> StreamSetResult<Item>?
  /// Deletes the item.
  func delete(_ input: StreamDeleteInput) async throws -> StreamDeleteResult<Item>
  /// The items of a group.
  func list(_ input: StreamListInput) async throws -> [Item]
  /// The groups of the stream.
  func listGroups(_ input: StreamListGroupsInput) async throws -> [String]
  /// Changes an item. Only the program's own code calls it: for `stream::update` the engine changes its own storage.
  func update(_ input: StreamUpdateInput) async throws -> StreamUpdateResult<Item>?
}

extension IStream {
  /// Throws ``IIIInvocationError`` with the code `not_supported`.
  public func update(_ input: StreamUpdateInput) async throws -> StreamUpdateResult<Item>? {
    throw IIIInvocationError(
      code: "not_supported",
      message: "the stream '\(input.streamName)' has no `update`: get the item, and set the new value")
  }
}

extension WorkerRegistrations {
  /// Provides the storage of a stream: registers the functions `stream::get(<name>)`, `stream::set(<name>)`, `stream::delete(<name>)`,
  /// `stream::list(<name>)` and `stream::list_groups(<name>)`. Needs `iii-stream` in the engine.
  ///
  /// ```swift
  /// try iii.createStream("orders", OrderStream(database: database))
  /// ```
  ///
  /// Mirrors `create_stream` of the Python SDK.
  ///
  /// - Returns: The registrations; each one's `unregister()` ends it.
  /// - Throws: ``IIIRegistrationError`` if the worker already provides the stream: nothing is registered then; ``IIIInvocationError`` with
  ///   the code `SHUTDOWN`.
  @discardableResult
  public func createStream(_ name: String, _ stream: some IStream) throws -> [FunctionRef] {
    var registered: [FunctionRef] = []
    do {
      registered.append(try registerFunction("stream::get(\(name))") { try await stream.get($0) })
      registered.append(try registerFunction("stream::set(\(name))") { try await stream.set($0) })
      registered.append(try registerFunction("stream::delete(\(name))") { try await stream.delete($0) })
      registered.append(try registerFunction("stream::list(\(name))") { try await stream.list($0) })
      registered.append(try registerFunction("stream::list_groups(\(name))") { try await stream.listGroups($0) })
    } catch {
      for function in registered { function.unregister() }
      throw error
    }
    return registered
  }
}
