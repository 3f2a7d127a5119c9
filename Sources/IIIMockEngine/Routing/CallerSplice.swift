internal import III

/// Only the engine sets `_caller_worker_id`; a caller's own is removed.
enum CallerSplice {
  /// Whether the id is put into this payload: only into objects.
  static func applies(to data: ByteView) -> Bool { !data.isEmpty && data[0] == 0x7B }

  /// The payload with the caller's id; one that is no object stays as it is.
  static func adding(_ caller: String, to data: [UInt8]) -> [UInt8] {
    guard data.withView({ applies(to: $0) }) else { return data }
    let isEmpty = data.withView { view in
      var members = ObjectMembers(view)
      return members?.next() == nil
    }
    let id = Array("{\"_caller_worker_id\":\"\(caller)\"".utf8)
    return isEmpty ? id + [0x7D] : id + [0x2C] + data.dropFirst()
  }

  /// The object without its own members `_caller_worker_id`, also if these are spelled with escapes.
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
