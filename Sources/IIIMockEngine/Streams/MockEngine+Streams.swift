public import III

extension MockEngine {
  /// The URL of the stream sockets, as `ws://127.0.0.1:3112`; `nil` without `iii-stream`. The same as `url(.streams)`.
  public var streamURL: String? { get async { await url(.streams) } }

  /// A stream of `iii-stream`: items in groups, which triggers and stream sockets watch. Needs ``BuiltIn/streams``.
  ///
  /// ```swift
  /// let chat = engine.stream("chat")
  /// try await chat.set("m1", in: "room-7", to: ["text": "hello"])
  /// #expect(try await chat.items(in: "room-7") == [["text": "hello"]])
  /// ```
  public func stream(_ name: String) -> StreamControls { StreamControls(engine: self, name: name) }

  /// A stream, read and changed without a worker. Each method does what a worker's call of the function `stream::…` does:
  /// triggers fire, sockets are told, and functions that serve the stream are called.
  ///
  /// Methods throw ``MockEngineError/stopped`` and ``MockEngineError/builtInIsOff(_:)``, and `IIIInvocationError` with the
  /// code of the function if it fails.
  public struct StreamControls: Sendable {
    let engine: MockEngine
    /// The stream's name.
    public let name: String

    /// Sets an item.
    ///
    /// - Returns: The value that it had before; `nil` if there was none, or it was `null`.
    @discardableResult
    public func set(_ item: String, in group: String, to value: JSONValue) async throws -> JSONValue? {
      let result = try await call(
        .set, ["group_id": .string(group), "item_id": .string(item), "data": value])
      return result?["old_value"]?.unlessNull
    }

    /// Sets an item to any value that can be encoded.
    ///
    /// - Throws: As `set(_:in:to:)` with JSON, and `EncodingError` if the value cannot be encoded.
    @_disfavoredOverload @discardableResult
    public func set(_ item: String, in group: String, to value: some Encodable & Sendable) async throws -> JSONValue? {
      try await set(item, in: group, to: JSONValue(encoding: value))
    }

    /// The value of an item; `nil` if there is none, or it is `null`.
    public func value(_ item: String, in group: String) async throws -> JSONValue? {
      try await call(.get, ["group_id": .string(group), "item_id": .string(item)])
    }

    /// The values of a group, in the order in which its items were set first.
    public func items(in group: String) async throws -> [JSONValue] {
      guard case .array(let items)? = try await call(.list, ["group_id": .string(group)]) else { return [] }
      return items
    }

    /// The groups of the stream, sorted; a group that has become empty is among them.
    public var groups: [String] {
      get async throws {
        guard case .array(let groups)? = try await call(.listGroups, [:]) else { return [] }
        return groups.compactMap(\.stringValue)
      }
    }

    /// Deletes an item.
    ///
    /// - Returns: The value that it had; `nil` if there was none, or it was `null`.
    @discardableResult public func remove(_ item: String, in group: String) async throws -> JSONValue? {
      let result = try await call(.delete, ["group_id": .string(group), "item_id": .string(item)])
      return result?["old_value"]?.unlessNull
    }

    /// Sends an event to those who watch a group; nothing is stored.
    ///
    /// - Parameters:
    ///   - type: The event's type.
    ///   - data: The event's data.
    ///   - group: The group whose subscribers are told.
    ///   - item: Also those who watch only this item are told.
    public func send(
      _ type: String, data: JSONValue = .null, to group: String, item: String? = nil
    ) async throws {
      var input: JSONObject = ["group_id": .string(group), "type": .string(type), "data": data]
      if let item { input["id"] = .string(item) }
      try await call(.send, input)
    }

    @discardableResult
    private func call(_ function: StreamFunction, _ input: JSONObject) async throws -> JSONValue? {
      // Whether the worker is there at all.
      try await engine.core.ask(.streams) { (_: StreamWorker) in }
      var input = input
      input["stream_name"] = .string(name)
      let result: JSONValue = try await engine.call(function.rawValue, .object(input))
      return result.unlessNull
    }
  }
}

extension JSONValue {
  fileprivate var unlessNull: JSONValue? { self == .null ? .none : .some(self) }
}

extension MockEngine.Configuration {
  /// The port of stream sockets, on loopback unless a file says otherwise; 0, the default, chooses a free one.
  public var streamPort: Int {
    get { Int(selection.find(StreamSettings.self)?.port ?? 0) }
    set {
      var settings = selection.find(StreamSettings.self) ?? StreamSettings(environment: Variables([:]), isOn: true)
      settings.port = UInt16(clamping: newValue)
      selection.set(settings)
    }
  }
}
