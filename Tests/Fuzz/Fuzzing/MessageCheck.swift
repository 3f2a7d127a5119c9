import III

/// What every reader of messages makes of one, on memory that ends where the message ends.
struct MessageCheck {
  private(set) var envelopes = 0
  private(set) var frames = 0

  mutating func check(_ message: ByteView) throws(FuzzFailure) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: message.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyMemory(from: message.unsafeBytes)
    let bytes = ByteView(UnsafeRawBufferPointer(memory))
    let envelope = try? Envelope.scan(bytes, maxDepth: Envelope.engineMaxDepth)
    let value = try? JSONParser.parse(bytes)
    if let value, case .object = value, envelope == nil, (try? Envelope.scan(bytes, maxDepth: .max)) == nil {
      throw FuzzFailure("the parser reads an object where the scan finds none: \(bytes.string)")
    }
    guard let envelope else { return }
    envelopes += 1
    for field in Envelope.Field.allCases where envelope[field].isPresent {
      // A member that travels as bytes must be a value by itself.
      let member = bytes[envelope[field]].array
      let wrapped = Array(#"{"m":"#.utf8) + member + Array("}".utf8)
      guard wrapped.withView({ try? Envelope.scan($0, maxDepth: .max) }) != nil else {
        throw FuzzFailure("the member \(field) is no JSON value: \(bytes.string)")
      }
    }
    readFrame(FrameMembers(envelope, bytes))
  }

  private mutating func readFrame(_ members: FrameMembers) {
    do throws(FrameProblem) {
      switch members.envelope.kind {
      case .invokeFunction: _ = try InvocationFrame(members)
      case .invocationResult: _ = try ResultFrame(members)
      case .registerFunction: _ = try FunctionRegistrationFrame(members)
      case .unregisterFunction: _ = try FunctionUnregistrationFrame(members)
      case .registerService: _ = try ServiceRegistrationFrame(members)
      case .reattach: _ = try ReattachFrame(members)
      default: throw members.typeProblem
      }
      frames += 1
    } catch {
      _ = "\(error) \(error.hint ?? "")"
    }
  }
}
