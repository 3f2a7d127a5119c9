import Testing

@testable import III

@Suite struct ProtocolValueTests {
  private func json(_ value: some Encodable) throws -> String {
    String(decoding: try PayloadCoder.encode(value), as: UTF8.self)
  }

  @Test func messageTypesOfTheReference() {
    let reference = [
      "registerfunction", "unregisterfunction", "registerservice", "invokefunction", "invocationresult",
      "registertriggertype", "registertrigger", "unregistertrigger", "unregistertriggertype",
      "triggerregistrationresult", "workerregistered",
    ]
    let all = MessageType.allCases.map(\.rawValue)
    #expect(Set(reference).isSubset(of: all))
    #expect(Set(all).subtracting(reference) == ["ping", "pong", "registrationrejected", "reattach"])
  }

  @Test func actionsOnTheWire() throws {
    #expect(try json(TriggerAction.enqueue(queue: "q")) == #"{"type":"enqueue","queue":"q"}"#)
    #expect(try json(TriggerAction.void()) == #"{"type":"void"}"#)
    #expect(try json(TriggerActionEnqueue.enqueue(queue: "q")) == #"{"type":"enqueue","queue":"q"}"#)
    #expect(try json(TriggerActionVoid.void()) == #"{"type":"void"}"#)
    for action in [TriggerAction.enqueue(queue: "q"), .void()] {
      #expect(try JSONValue(encoding: action).decoded(as: TriggerAction.self) == action)
    }
  }

  @Test(arguments: [
    #"{"type":"Void"}"#, "{}", #"{"type":"enqueue"}"#, #"{"type":7}"#, "[]", #"{"type":"enqueue","queue":null}"#,
  ])
  func otherActionsAreRefused(text: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(throws: DecodingError.self) { try value.decoded(as: TriggerAction.self) }
    #expect(throws: DecodingError.self) { try value.decoded(as: TriggerActionEnqueue.self) }
    #expect(throws: DecodingError.self) { try value.decoded(as: TriggerActionVoid.self) }
  }

  @Test func aReceiptKeepsItsName() throws {
    let receipt = EnqueueResult(messageReceiptId: "r")
    #expect(try json(receipt) == #"{"messageReceiptId":"r"}"#)
    #expect(try JSONValue(parsing: #"{"messageReceiptId":"r"}"#).decoded(as: EnqueueResult.self) == receipt)
  }

  @Test func aRequestHasDefaults() {
    let request = TriggerRequest(functionID: "f")
    #expect(request.payload == .null)
    #expect(request.action == nil)
    #expect(request.timeout == nil)
    #expect(request != TriggerRequest(functionID: "f", payload: 1))
  }
}
