import III
import TestSupport
import Transcripts

/// Plays a transcript against an engine, each of its peers a raw one, and stops at the first difference.
///
/// The recorder let time pass where nothing was to come (`quiet`, `within`, `sleep`) and after what is not answered.
/// Here a fence takes its place: a ping from every peer, twice. After the first round the engine has dealt with all
/// that was sent, after the second all that it said to anybody has arrived.
///
/// A connection to a listener with access control answers no pings while the engine asks about it. The others are pinged
/// in its place, once more: the engine reads every connection in each turn of its loop.
///
/// Where the engine itself waits, as before it looks for jobs, it has a clock that the player moves on: by as much as the
/// recorder waited, and until what is wanted comes.
struct TranscriptPlayer {
  /// The first difference.
  struct Difference: Error, CustomStringConvertible {
    let transcript: String
    let step: Int
    let wanted: String
    let got: String

    var description: String { "\(transcript), step \(step)\n  wanted \(wanted)\n  got    \(got)" }
  }

  private let transcript: Transcript
  /// By the names of the ports.
  private let urls: [String: String]
  private let departures: Departures
  /// The engine's time, if the player moves it on.
  private let time: TimeSource?
  private var placeholders: Placeholders
  private var peers: [String: RawPeer] = [:]
  /// Those that are connected to a listener with access control.
  private var guarded: Set<String> = []
  private var workers: [String: String] = [:]
  private var unfenced: String?
  private var index = 0

  init(_ transcript: Transcript, urls: [String: String], departures: Departures, time: TimeSource? = nil) {
    self.time = time
    self.transcript = transcript
    self.urls = urls
    self.departures = departures
    placeholders = Placeholders(
      hosts: Dictionary(
        uniqueKeysWithValues: urls.map { ("host_\($0.key)", String($0.value.dropFirst("ws://".count))) }))
  }

  mutating func play() async throws {
    for (index, step) in transcript.steps.enumerated() {
      self.index = index
      do { try await play(step) } catch let difference as Difference { throw difference } catch {
        throw self.difference(step.text, "\(error)")
      }
    }
    for peer in peers.values { await peer.abort() }
  }

  private func difference(_ wanted: String, _ got: String) -> Difference {
    Difference(transcript: transcript.name, step: index, wanted: wanted, got: got)
  }

  private mutating func play(_ step: JSON) async throws {
    if let request = step["http"] { return try await self.request(request, step) }
    guard let name = step["peer"]?.string else {
      guard let span = step["sleep"] else { throw difference("a step that can be played", step.text) }
      return try await pass(span)
    }
    // What another peer said is to be dealt with first, as in the recording.
    if let unfenced, unfenced != name, let peer = peers[unfenced] {
      if guarded.contains(unfenced) { try await fence() } else if await peer.endedBy == nil { try await peer.fence() }
    }
    unfenced = name
    if let open = step["open"] { return try await self.open(name, open, step) }
    guard let peer = peers[name] else { throw difference("a peer that is open", name) }

    if let message = step["send"] {
      try await send(message, by: peer)
    } else if let wanted = step["receive"] {
      if case .null = wanted, let span = step["within"] { try await pass(span) }
      try await receive(wanted, matching: step["match"]?.array?.compactMap(\.string), by: peer, named: name)
    } else if let span = step["quiet"] {
      try await pass(span)
      let rest = JSON.array(await peer.takeUnread().filter { !$0.isClose }.map(TranscriptPlayer.decoded))
      let wanted = step["rest"] ?? .array([])
      guard placeholders.match(wanted, rest) else { throw difference("unread by \(name): \(wanted.text)", rest.text) }
    } else if let wanted = step["closed"] {
      try await closed(wanted, peer)
    } else if let code = step["close"]?.int {
      try await peer.close(UInt16(code))
      await departures.departure(of: workers[name])
    } else if step["abort"] != nil {
      await peer.abort()
      await departures.departure(of: workers[name])
    } else {
      throw difference("a step that can be played", step.text)
    }
  }

  private mutating func open(_ name: String, _ open: JSON, _ step: JSON) async throws {
    var headers: [(String, String)] = []
    if case .object(let members)? = open["headers"] {
      headers = members.map { ($0.key, placeholders.filled($0.value.string ?? "")) }
    }
    let port = open["port"]?.string ?? "main"
    if port == "main" {
      guarded.remove(name)
    } else {
      guarded.insert(name)
      // What an auth function is shown of the recorder's requests.
      let all = [
        ("User-Agent", "player"), ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
      ]
      headers += all.filter { own in !headers.contains { $0.0.lowercased() == own.0.lowercased() } }
    }
    do {
      peers[name] = try await RawPeer.open(
        try url(port), path: placeholders.filled(open["path"]?.string ?? "/"), headers: headers)
    } catch RawError.refused(let response) {
      let body = (try? JSON.parse(response.text)) ?? .string(response.text)
      let isWanted =
        step["refused"]?.int == response.status && placeholders.match(step["body"] ?? .string(""), body)
      guard isWanted else { throw difference(step.text, "\(response)") }
      return
    }
    guard step["refused"] == nil else { throw difference(step.text, "accepted") }
  }

  private func url(_ port: String) throws -> String {
    guard let url = urls[port] else { throw difference("a port of the engine", port) }
    return url
  }

  /// A plain request; its answer may have headers besides those shown.
  private mutating func request(_ request: JSON, _ step: JSON) async throws {
    guard let method = request["method"]?.string, let path = request["path"]?.string, let wanted = step["response"]
    else {
      throw difference("a request that can be played", step.text)
    }
    var text = "\(method) \(placeholders.filled(path)) HTTP/1.1\r\nhost: e\r\n"
    if case .object(let headers)? = request["headers"] {
      for (name, value) in headers { text += "\(name): \(placeholders.filled(value.string ?? ""))\r\n" }
    }
    let peer = try await RawPeer.connect(try url(request["port"]?.string ?? "main"))
    await peer.send(bytes: Array("\(text)\r\n".utf8))
    let response = try await peer.receiveResponse()
    await peer.abort()
    var isWanted = wanted["status"]?.int == response.status && wanted["body"]?.string == response.text
    if case .object(let headers)? = wanted["headers"] {
      isWanted = isWanted && headers.allSatisfy { $0.value.string == response.header($0.key) }
    }
    guard isWanted else { throw difference(wanted.text, "\(response)") }
  }

  private mutating func send(_ message: JSON, by peer: RawPeer) async throws {
    if case .object(let members) = message, members.count == 1, let only = members.first {
      switch (only.key, only.value) {
      case ("text", .string(let text)): return await peer.send(placeholders.filled(text))
      case ("base64", .string(let text)): return await peer.send(binary: try Base64.decode(text))
      case ("bytes", .number(let count)):
        return await peer.send(binary: [UInt8](repeating: 0, count: Int(count) ?? 0))
      default: break
      }
    }
    await peer.send(placeholders.filled(message).text)
  }

  private mutating func receive(_ wanted: JSON, matching: [String]?, by peer: RawPeer, named name: String) async throws
  {
    let isAbsenceWanted = if case .null = wanted { true } else { false }
    // All that is to come is answer to what was said: after a fence it is here.
    if isAbsenceWanted { try await fence() }
    var frame = await take(wanted, matching, from: peer)
    if frame == nil && !isAbsenceWanted && guarded.contains(name) {
      let matches = filter(wanted, matching)
      frame = try await peer.receive { matches($0) }
    }
    if frame == nil && !isAbsenceWanted {
      try await fence()
      frame = await take(wanted, matching, from: peer)
    }
    if let time, frame == nil && !isAbsenceWanted {
      for _ in 0..<120 where frame == nil {
        await time.advance(by: .milliseconds(25))
        try await fence()
        frame = await take(wanted, matching, from: peer)
      }
    }
    guard let frame else {
      guard !isAbsenceWanted else { return }
      throw difference("\(name) receives \(wanted.text)", "unread: \(await peer.takeUnread())")
    }
    guard !isAbsenceWanted else { throw difference("\(name) receives nothing", frame.description) }
    let got = TranscriptPlayer.shortened(TranscriptPlayer.decoded(frame), as: wanted)
    guard placeholders.match(wanted, got) else { throw difference("\(name) receives \(wanted.text)", got.text) }
    if got["type"]?.string == "workerregistered" { workers[name] = got["worker_id"]?.string }
  }

  /// The next unread frame, or the first one whose members named in `matching` are those wanted. Absence names no
  /// values, so any frame breaks it.
  private func take(_ wanted: JSON, _ matching: [String]?, from peer: RawPeer) async -> RawFrame? {
    await peer.unread(filter(wanted, matching))
  }

  private func filter(_ wanted: JSON, _ matching: [String]?) -> @Sendable (RawFrame) -> Bool {
    let placeholders = self.placeholders
    return { frame in
      guard !frame.isClose else { return false }
      guard let matching, !matching.isEmpty, case .object = wanted else { return true }
      let got = TranscriptPlayer.decoded(frame)
      return matching.allSatisfy { key in
        guard let wanted = wanted[key], let got = got[key] else { return false }
        var tentative = placeholders
        return tentative.match(wanted, got)
      }
    }
  }

  private func closed(_ wanted: JSON, _ peer: RawPeer) async throws {
    switch wanted {
    case .null, .bool(false):
      try await fence()
      if let end = await peer.endedBy { throw difference("open", "\(end)") }
    case .bool(true): _ = try await peer.ended()
    default:
      let end = try await peer.ended()
      var code = 1006
      var reason = ""
      if case .byPeer(let close?) = end {
        code = close.closeCode.map { Int($0) } ?? 1005
        reason = String(decoding: close.payload.dropFirst(2), as: UTF8.self)
      }
      guard wanted["code"]?.int == code && wanted["reason"]?.string == reason else {
        throw difference(wanted.text, "\(code) \(reason)")
      }
    }
  }

  /// The recorder waited for a span of seconds.
  private func pass(_ span: JSON) async throws {
    try await fence()
    guard let time, case .number(let text) = span, let seconds = Double(text) else { return }
    await time.advance(by: .seconds(seconds))
    try await fence()
  }

  private func fence() async throws {
    for _ in 1...(guarded.isEmpty ? 2 : 3) {
      for (name, peer) in peers where !guarded.contains(name) {
        guard await peer.endedBy == nil else { continue }
        do { try await peer.fence() } catch RawError.ended { continue }
      }
    }
  }

  /// The recorder shortened some listings of functions to their ids.
  private static func shortened(_ got: JSON, as wanted: JSON) -> JSON {
    guard case .array? = wanted["result"], case .object(let members) = got else { return got }
    // It sorted the listings of queues.
    if let function = got["function_id"]?.string, function.hasPrefix("engine::queue::"),
      case .array(let rows)? = got["result"]
    {
      let sorted = JSON.array(rows.sorted { $0.sortKey < $1.sortKey })
      return .object(members.map { $0.key == "result" ? ($0.key, sorted) : ($0.key, $0.value) })
    }
    guard case .array(let rows)? = got["result"]?["functions"] else { return got }
    let ids = JSON.array(rows.compactMap { $0["function_id"] })
    return .object(members.map { $0.key == "result" ? ($0.key, ids) : ($0.key, $0.value) })
  }

  /// A frame as transcripts show it.
  private static func decoded(_ frame: RawFrame) -> JSON {
    guard frame.isText else {
      return .object([("base64", .string(Base64.encode(frame.payload)))])
    }
    return (try? JSON.parse(frame.text)) ?? .object([("text", .string(frame.text))])
  }
}

extension JSON {
  /// As the recorder sorts: by the members in the order of their names.
  fileprivate var sortKey: String {
    guard case .object(let members) = self else { return text }
    return members.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.text)" }.joined(separator: " ")
  }
}
