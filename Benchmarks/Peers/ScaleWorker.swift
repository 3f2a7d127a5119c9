/// A worker of the scale measurement: it says what it is told to, counts what it hears, and answers calls only where asked.
final class ScaleWorker: RawWebSocket {
  /// What all workers of a measurement have heard.
  final class Counts {
    var welcomes = 0
    var pongs = 0
    var calls = 0
    var results = 0
    var triggers = 0
    /// Bytes of the last result that was longer than a call's.
    var listing = 0
  }

  private let counts: Counts
  private let answersCalls: Bool

  init(loop: RawLoop, counts: Counts, answersCalls: Bool = false) {
    self.counts = counts
    self.answersCalls = answersCalls
    super.init(loop: loop, role: .client)
  }

  private static let call = WireText(#"{"type":"invokefunction","invocation_id":""#)
  private static let result = WireText(#"{"type":"invocationresult","#)
  private static let trigger = WireText(#"{"type":"registertrigger","#)
  private static let triggerEnd = WireText(#"{"type":"unregistertrigger","#)
  private static let acknowledgement = WireText(#"{"type":"pong"}"#)
  private static let welcome = WireText(#"{"type":"workerregistered","#)

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    if Self.call.begins(bytes, count) {
      counts.calls += 1
      if answersCalls { answer(String(excerpt(bytes, count).dropFirst(Self.call.count).prefix(36))) }
    } else if Self.result.begins(bytes, count) {
      counts.results += 1
      if count > 4096 { counts.listing = count }
    } else if Self.trigger.begins(bytes, count) || Self.triggerEnd.begins(bytes, count) {
      counts.triggers += 1
    } else if Self.acknowledgement.begins(bytes, count) {
      counts.pongs += 1
    } else if Self.welcome.begins(bytes, count) {
      counts.welcomes += 1
    } else {
      fail("a worker received what it does not know: \(excerpt(bytes, count))")
    }
  }

  private func answer(_ id: String) {
    send(#"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"f","result":1}"#)
  }

  func call(_ function: String, id: Int) {
    let digits = String(id, radix: 16)
    let padding = String(repeating: "0", count: 12 - digits.count)
    send(
      #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-\#(padding)\#(digits)","function_id":"\#(function)","data":{}}"#
    )
  }
}
