internal import III

/// Makes room for the caller's id in a payload: `_caller_worker_id` is the engine's to say.
enum CallerSplice {
  /// Whether the id goes into this payload: only into objects.
  static func applies(to data: ByteView) -> Bool { !data.isEmpty && data[0] == 0x7B }

  /// The object without its own `_caller_worker_id`s, however those are spelled.
  static func withoutCaller(_ data: ByteView) -> [UInt8] {
    var kept: [UInt8] = [0x7B]
    guard var members = ObjectMembers(data) else { return data.array }
    while let member = members.next() {
      if member.isNamed("_caller_worker_id") { continue }
      if kept.count > 1 { kept.append(0x2C) }
      kept.append(contentsOf: data.dropFirst(member.start).prefix(member.end - member.start).unsafeBytes)
    }
    kept.append(0x7D)
    return kept
  }
}
