internal import III

/// Keeps the values of `iii-state` in another engine.
final class StateBridge {
  private let link: EngineLink

  init?(to url: String, _ host: BuiltInHost) {
    guard let link = EngineLink(to: url, named: StateSettings.workerName, host) else { return nil }
    self.link = link
  }

  func stop() { link.stop() }

  /// Calls a function of the other engine.
  ///
  /// - Parameter done: Hears the change, if it is one that was made, and what to answer.
  func call(
    _ function: StateFunction, _ input: StateInput, _ payload: [UInt8],
    then done: @escaping (StateChange?, BuiltInReply) -> Void
  ) {
    link.call(function.rawValue, payload) { outcome in
      switch outcome {
      case .failure(let failure): done(nil, .failure(function.failure(failure)))
      case .success(let json):
        let isNull = json == Array("null".utf8)
        switch function {
        case .set, .update: done(StateBridge.change(json, input), .bytes(json))
        case .delete:
          let change = StateChange(scope: input.scope, key: input.key, old: isNull ? nil : json, new: nil)
          done(change, isNull ? .nothing : .bytes(json))
        case .get: done(nil, isNull ? .nothing : .bytes(json))
        case .list, .listGroups: done(nil, .bytes(json))
        }
      }
    }
  }

  /// The change that `state::set` and `state::update` tell of.
  private static func change(_ json: [UInt8], _ input: StateInput) -> StateChange? {
    json.withView { view in
      guard var members = ObjectMembers(view) else { return nil }
      var old: [UInt8]?
      var new: [UInt8]?
      while let member = members.next() {
        if member.isNamed("old_value"), EditableJSON.Kind(of: member.value) != .null { old = member.value.array }
        if member.isNamed("new_value") { new = member.value.array }
      }
      return new.map { StateChange(scope: input.scope, key: input.key, old: old, new: $0) }
    }
  }
}
