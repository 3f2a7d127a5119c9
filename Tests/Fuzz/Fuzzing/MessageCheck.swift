import III

/// Gives a message to every reader of messages, in memory that ends where the message ends.
struct MessageCheck {
  private(set) var envelopes = 0
  private(set) var frames = 0

  mutating func check(_ message: ByteView) throws(FuzzFailure) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyMemory(from: message.unsafeBytes)
    let bytes = ByteView(UnsafeRawBufferPointer(memory))
    let value = try? JSONParser.parse(bytes)
    try PayloadWalk.check(bytes, value)
    let envelope: Envelope
    do {
      envelope = try Envelope.scan(bytes, maxDepth: Envelope.engineMaxDepth)
    } catch {
      if let value, case .object = value, !isReadable(bytes) {
        throw FuzzFailure("the parser reads an object where the scan finds none: \(bytes.string)")
      }
      return
    }
    envelopes += 1
    for field in Envelope.Field.allCases where envelope[field].isPresent {
      // A member that travels as bytes must be a value by itself.
      let wrapped = Array(#"{"m":"#.utf8) + bytes[envelope[field]].array + Array("}".utf8)
      guard wrapped.withView(isReadable) else {
        throw FuzzFailure("the member \(field) is not a JSON value: \(bytes.string)")
      }
    }
    readFrame(envelope)
  }

  private func isReadable(_ bytes: ByteView) -> Bool {
    do {
      _ = try Envelope.scan(bytes, maxDepth: .max)
      return true
    } catch {
      return false
    }
  }

  private mutating func readFrame(_ message: borrowing Envelope) {
    do throws(FrameProblem) {
      switch message.kind {
      case .invokeFunction: _ = try InvocationFrame(message)
      case .invocationResult: _ = try ResultFrame(message)
      case .registerFunction: _ = try FunctionRegistrationFrame(message)
      case .unregisterFunction: _ = try FunctionUnregistrationFrame(message)
      case .registerService: _ = try ServiceRegistrationFrame(message)
      case .reattach: _ = try ReattachFrame(message)
      default: throw message.typeProblem
      }
      frames += 1
    } catch {
      _ = "\(error) \(error.hint ?? "")"
    }
  }
}
