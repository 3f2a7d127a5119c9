/// A message's outline: its kind and the positions of its known members. Nothing is copied or decoded.
///
/// One validating pass fills it; it is valid as long as the message's bytes. The frame types (`InvocationFrame` …) read the outline, and
/// check that the members which a kind requires are present, once and with the right type.
@usableFromInline package struct Envelope: ~Copyable {
  /// The members of all kinds of messages.
  package enum Field: UInt8, CaseIterable, Sendable {
    case type, id, functionID, invocationID, data, result, error, action, traceparent, baggage, metadata
    case description, requestFormat, responseFormat, invocation, name, parentServiceID
    case triggerType, config, triggerRequestFormat, callRequestFormat
    case workerID, reattachToken, previousWorkerID
    case namespace, code, workerName, ownerWorkerID
    case delivery

    /// The member's name in the message. Inlined, so that a comparison with it is one with constants.
    @inline(__always) package var name: StaticString {
      switch self {
      case .type: "type"
      case .id: "id"
      case .functionID: "function_id"
      case .invocationID: "invocation_id"
      case .data: "data"
      case .result: "result"
      case .error: "error"
      case .action: "action"
      case .traceparent: "traceparent"
      case .baggage: "baggage"
      case .metadata: "metadata"
      case .description: "description"
      case .requestFormat: "request_format"
      case .responseFormat: "response_format"
      case .invocation: "invocation"
      case .name: "name"
      case .parentServiceID: "parent_service_id"
      case .triggerType: "trigger_type"
      case .config: "config"
      case .triggerRequestFormat: "trigger_request_format"
      case .callRequestFormat: "call_request_format"
      case .workerID: "worker_id"
      case .reattachToken: "reattach_token"
      case .previousWorkerID: "previous_worker_id"
      case .namespace: "namespace"
      case .code: "code"
      case .workerName: "worker_name"
      case .ownerWorkerID: "owner_worker_id"
      case .delivery: "delivery"
      }
    }

    /// The field's bit in a set of fields.
    @inline(__always) var bit: UInt32 { 1 << UInt32(rawValue) }

    /// The field with a name without escapes.
    @inline(__always) static func named(_ key: ByteView) -> Field? {
      // Few names have the same length: at most four comparisons.
      switch key.count {
      case 2: first(key, .id)
      case 4: first(key, .type, .data, .name, .code)
      case 5: first(key, .error)
      case 6: first(key, .result, .action, .config)
      case 7: first(key, .baggage)
      case 8: first(key, .metadata, .delivery)
      case 9: first(key, .namespace, .workerID)
      case 10: first(key, .invocation)
      case 11: first(key, .functionID, .description, .traceparent, .workerName)
      case 12: first(key, .triggerType)
      case 13: first(key, .invocationID)
      case 14: first(key, .requestFormat, .reattachToken)
      case 15: first(key, .responseFormat, .ownerWorkerID)
      case 17: first(key, .parentServiceID)
      case 18: first(key, .previousWorkerID)
      case 19: first(key, .callRequestFormat)
      case 22: first(key, .triggerRequestFormat)
      default: nil
      }
    }

    @inline(__always) private static func first(
      _ key: ByteView, _ a: Field, _ b: Field? = nil, _ c: Field? = nil, _ d: Field? = nil
    ) -> Field? {
      if key == a.name { return a }
      if let b, key == b.name { return b }
      if let c, key == c.name { return c }
      if let d, key == d.name { return d }
      return nil
    }
  }

  /// Why a message has no outline.
  package enum Failure: Error, Equatable, Sendable {
    case notJSON(JSONScanner.Failure)
    case notAnObject
  }

  /// The deepest nesting of containers in a message, including itself, that the real engine reads.
  @inlinable package static var engineMaxDepth: Int { 127 }
  /// The same for messages from an engine to a worker.
  package static let workerMaxDepth = 1024

  @usableFromInline package let bytes: ByteView
  @usableFromInline package private(set) var kind: FrameKind?
  /// Whether `data` is an object that already has a `_caller_worker_id`.
  @usableFromInline package private(set) var dataNamesCaller = false
  /// Whether it has that member more than once.
  private(set) var dataRepeatsCaller = false
  /// A bit for each field that occurs twice.
  @usableFromInline private(set) var repeated: UInt32 = 0
  /// A bit for each field whose value is a string with escapes.
  @usableFromInline var escaped: UInt32 = 0
  /// A bit for each field that is present; the positions of other fields are not read.
  @usableFromInline var present: UInt32 = 0
  @usableFromInline var places: Places

  /// The ranges, in the order of `Field`.
  @usableFromInline typealias Places = (
    ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange,
    ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange,
    ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange, ByteRange
  )

  /// An outline without members, which `scan` fills in place: a throwing initializer cannot construct it in place, and moving an outline is
  /// expensive.
  @inlinable @inline(__always) package init(of bytes: ByteView) {
    self.bytes = bytes
    let n = ByteRange(start: 0, count: 0)
    places = (n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n)
  }

  /// Whether the field is present.
  @inline(__always) func has(_ field: Field) -> Bool { present & field.bit != 0 }

  /// The position of the field's value.
  package subscript(field: Field) -> ByteRange {
    @inline(__always) get { has(field) ? place(of: field) : .absent }
  }

  /// The position of a field that is present. Element by element, because taking an address would copy all positions first.
  @inline(__always) private func place(of field: Field) -> ByteRange {
    switch field {
    case .type: places.0
    case .id: places.1
    case .functionID: places.2
    case .invocationID: places.3
    case .data: places.4
    case .result: places.5
    case .error: places.6
    case .action: places.7
    case .traceparent: places.8
    case .baggage: places.9
    case .metadata: places.10
    case .description: places.11
    case .requestFormat: places.12
    case .responseFormat: places.13
    case .invocation: places.14
    case .name: places.15
    case .parentServiceID: places.16
    case .triggerType: places.17
    case .config: places.18
    case .triggerRequestFormat: places.19
    case .callRequestFormat: places.20
    case .workerID: places.21
    case .reattachToken: places.22
    case .previousWorkerID: places.23
    case .namespace: places.24
    case .code: places.25
    case .workerName: places.26
    case .ownerWorkerID: places.27
    case .delivery: places.28
    }
  }

  /// Whether the field occurs more than once.
  package func isRepeated(_ field: Field) -> Bool { repeated & field.bit != 0 }

  /// Whether the field's value, a string, holds escapes.
  @inline(__always) func hasEscapes(_ field: Field) -> Bool { escaped & field.bit != 0 }

  @inline(__always) private mutating func note(_ field: Field, _ range: ByteRange, hasEscapes: Bool) {
    if hasEscapes { escaped |= field.bit }
    if has(field) { repeated |= field.bit }
    present |= field.bit
    withUnsafeMutableBytes(of: &places) {
      $0.storeBytes(of: range, toByteOffset: Int(field.rawValue) * MemoryLayout<ByteRange>.stride, as: ByteRange.self)
    }
  }

  /// Reads the message's outline, once; `kind` stays `nil` if its type is unknown or not a string.
  package mutating func scan(maxDepth: Int) throws(Failure) {
    do throws(JSONScanner.Failure) {
      try read(maxDepth: maxDepth)
    } catch {
      throw Envelope.failure(error, bytes, maxDepth: maxDepth)
    }
  }

  /// Scans a message's outline where it need not be in place.
  package static func scan(_ bytes: ByteView, maxDepth: Int) throws(Failure) -> Envelope {
    var envelope = Envelope(of: bytes)
    try envelope.scan(maxDepth: maxDepth)
    return envelope
  }

  @inline(never) private static func failure(
    _ error: JSONScanner.Failure, _ bytes: ByteView, maxDepth: Int
  ) -> Failure {
    let start = bytes.firstNonBlank
    if start == 0x7B || start == nil { return .notJSON(error) }
    // Valid JSON that is not an object has its own error.
    var scanner = JSONScanner(bytes, maxDepth: maxDepth)
    scanner.skipBlanks()
    do throws(JSONScanner.Failure) { try scanner.skipValue() } catch { return .notJSON(error) }
    scanner.skipBlanks()
    return scanner.isAtEnd ? .notAnObject : .notJSON(scanner.failure)
  }

  private mutating func read(maxDepth: Int) throws(JSONScanner.Failure) {
    var scanner = JSONScanner(bytes, maxDepth: maxDepth - 1)
    scanner.skipBlanks()
    guard scanner.take(0x7B) else { throw scanner.failure }
    scanner.skipBlanks()
    if !scanner.take(0x7D) {
      while true {
        let key = try scanner.string()
        scanner.skipBlanks()
        guard scanner.take(0x3A) else { throw scanner.failure }
        scanner.skipBlanks()
        let start = scanner.index
        let rawKey = bytes.dropFirst(key.start).prefix(key.end &- key.start)
        let field = key.hasEscapes ? Envelope.field(escaped: rawKey) : Field.named(rawKey)
        var hasEscapes = false
        if scanner.current == 0x22 {
          hasEscapes = try scanner.string().hasEscapes
        } else if field == .data {
          let count = try scanner.skipValue(watchingFor: ByteView("_caller_worker_id"))
          dataNamesCaller = count > 0
          dataRepeatsCaller = count > 1
        } else {
          try scanner.skipValue()
        }
        if let field {
          let range = ByteRange(
            start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: scanner.index &- start))
          note(field, range, hasEscapes: hasEscapes)
        }
        scanner.skipBlanks()
        if scanner.take(0x2C) {
          scanner.skipBlanks()
          continue
        }
        guard scanner.take(0x7D) else { throw scanner.failure }
        break
      }
    }
    scanner.skipBlanks()
    guard scanner.isAtEnd else { throw scanner.failure }
    if has(.type) { kind = FrameKind(value: bytes[place(of: .type)]) }
  }

  @inline(never) private static func field(escaped key: ByteView) -> Field? {
    Array(JSONText.text(of: key.unsafeBytes).utf8).withView { Field.named($0) }
  }
}

extension ByteView {
  /// The first byte that is not a JSON blank.
  var firstNonBlank: UInt8? { unsafeBytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } }

  /// Whether the bytes are empty or only JSON blanks.
  package var isBlank: Bool { firstNonBlank == nil }
}
