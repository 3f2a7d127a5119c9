import CUV

/// A caller that keeps a window of invocations open and counts what comes back.
///
/// Every id is random but for its low 16 bits, the slot of the window it was sent from: so an answer is matched by two
/// loads, and an engine's table sees ids as random as those of a real worker.
final class RawCaller: RawWebSocket {
  /// Bytes of `data` in every call.
  static let payloadSize = 300

  private let ready: () -> Void
  private let isEngine: Bool
  /// The frame as it leaves, masked, but for its id.
  private var template: UnsafeMutableRawBufferPointer
  private var idOffset = 0
  private var idMask: UInt64 = 0
  private var source = SplitMix(seed: 0x1234_5678)
  private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: 1 << 16)

  private struct Slot {
    var tag: UInt64 = 0
    var sentAt: UInt64 = 0
  }

  // One measurement.
  private(set) var completed = 0
  private(set) var latencies: [UInt64] = []
  private var isTimed = false
  private var wanted = 0
  private var started = 0
  private var finished: () -> Void = {}

  init(loop: RawLoop, isEngine: Bool, ready: @escaping () -> Void) {
    self.isEngine = isEngine
    self.ready = ready
    template = .allocate(byteCount: 0, alignment: 8)
    super.init(loop: loop, role: .client)
    makeTemplate()
    latencies.reserveCapacity(1 << 20)
  }

  deinit {
    template.deallocate()
    slots.deallocate()
  }

  private static let question = WireText(#"{"type":"invokefunction","invocation_id":""#)
  private static let answer = WireText(#"{"type":"invocationresult","invocation_id":""#)
  private static let answerRest = WireText(#"","function_id":"\#(RawCallee.function)","result":"#)

  private func makeTemplate() {
    let data = #"{"text":"\#(String(repeating: "x", count: Self.payloadSize - 11))"}"#
    let payload =
      #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-000000000000","#
      + #""function_id":"\#(RawCallee.function)","data":\#(data)}"#
    let bytes = Array(payload.utf8)
    let header = headerSize(payload: bytes.count)
    template.deallocate()
    template = .allocate(byteCount: header + bytes.count, alignment: 8)
    guard let base = template.baseAddress else { return }
    base.storeBytes(of: 0x81, as: UInt8.self)
    base.storeBytes(of: 0x80 | 126, toByteOffset: 1, as: UInt8.self)
    base.storeBytes(of: UInt16(bytes.count).bigEndian, toByteOffset: 2, as: UInt16.self)
    base.storeBytes(of: maskKey, toByteOffset: 4, as: UInt32.self)
    template[header...].copyBytes(from: bytes)
    RawMask.apply(to: base + header, bytes.count, key: maskKey)
    idOffset = header + Self.question.count
    let turned = UInt32(Self.question.count % 4) * 8
    let key = turned == 0 ? maskKey : maskKey >> turned | maskKey << (32 - turned)
    idMask = UInt64(key) | UInt64(key) << 32
  }

  override func opened() { if !isEngine { ready() } }

  /// Makes `count` calls with `window` of them open at any time; `done` when the last has its answer.
  func call(count: Int, window: Int, isTimed: Bool, _ done: @escaping () -> Void) {
    self.isTimed = isTimed
    wanted = count
    started = 0
    completed = 0
    latencies.removeAll(keepingCapacity: true)
    finished = done
    for slot in 0..<min(window, count) { start(slot) }
    loop.flushDirty()
  }

  @inline(__always) private func start(_ slot: Int) {
    started += 1
    let frame = reserve(template.count)
    if let base = template.baseAddress { memcpy(frame, base, template.count) }
    let id = InvocationText(random: source.next(), source.next(), slot: UInt16(truncatingIfNeeded: slot))
    id.store(to: frame + idOffset, mask: idMask)
    slots[slot].tag = id.tag
    if isTimed { slots[slot].sentAt = nanoseconds() }
  }

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    let answer = Self.answer
    guard answer.begins(bytes, count) else { return control(bytes, count) }
    let id = bytes + answer.count
    let slot = InvocationText.slot(at: id)
    guard Self.answerRest.begins(id + InvocationText.count, count), slots[slot].tag == InvocationText.tag(at: id) else {
      fail("the caller received what it did not ask for: \(excerpt(bytes, count))")
    }
    slots[slot].tag = 0
    if isTimed { latencies.append(nanoseconds() - slots[slot].sentAt) }
    completed += 1
    if started < wanted {
      start(slot)
    } else if completed == wanted {
      finished()
    }
  }

  private func control(_ bytes: UnsafeMutableRawPointer, _ count: Int) {
    let received = excerpt(bytes, count)
    if received.hasPrefix(#"{"type":"workerregistered""#) { return ready() }
    fail("the caller received what it does not know: \(received)")
  }

  override func ended() { fail("the caller was disconnected") }
}
