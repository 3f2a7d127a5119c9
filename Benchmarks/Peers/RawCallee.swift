import CUV

/// A worker with one function that returns what it is given, on bytes: it looks where the fields must stand and ends
/// the process when they do not.
final class RawCallee: RawWebSocket {
  /// What a callee asks for, of the floor and of an engine (which does not mind the query).
  static let target = "/?callee"
  static let function = "bench::echo"

  private let isEngine: Bool
  private let ready: () -> Void

  init(loop: RawLoop, isEngine: Bool, ready: @escaping () -> Void) {
    self.isEngine = isEngine
    self.ready = ready
    super.init(loop: loop, role: .client, target: Self.target)
  }

  override func opened() {
    if !isEngine { return ready() }
    send(#"{"type":"registerfunction","id":"\#(Self.function)"}"#)
    send(#"{"type":"ping"}"#)  // registrations are not acknowledged: what comes after one is
  }

  private static let question = WireText(#"{"type":"invokefunction","invocation_id":""#)
  private static let questionRest = WireText(#"","function_id":"\#(function)","data":"#)
  private static let answer = WireText(#"{"type":"invocationresult","invocation_id":""#)
  private static let answerRest = WireText(#"","function_id":"\#(function)","result":"#)

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    let question = Self.question
    guard question.begins(bytes, count) else { return control(bytes, count) }
    let id = bytes + question.count
    let dataStart = question.count + InvocationText.count + Self.questionRest.count
    guard count > dataStart, Self.questionRest.begins(id + InvocationText.count, count) else {
      fail("the callee received what it does not know: \(excerpt(bytes, count))")
    }
    let answer = Self.answer
    let rest = Self.answerRest
    // The data and the brace that ends the message are the result and the brace that ends ours.
    let size = answer.count + InvocationText.count + rest.count + (count - dataStart)
    let message = reserveMessage(size)
    memcpy(message, answer.base, answer.count)
    var next = message + answer.count
    memcpy(next, id, InvocationText.count)
    next += InvocationText.count
    memcpy(next, rest.base, rest.count)
    next += rest.count
    memcpy(next, bytes + dataStart, count - dataStart)
    RawMask.apply(to: message, size, key: maskKey)
  }

  private func control(_ bytes: UnsafeMutableRawPointer, _ count: Int) {
    let received = excerpt(bytes, count)
    if received == #"{"type":"pong"}"# { return ready() }
    if received.hasPrefix(#"{"type":"workerregistered""#) { return }
    fail("the callee received what it does not know: \(received)")
  }

  override func ended() { fail("the callee was disconnected") }
}
