import Foundation
import Testing
import UV

@testable import III

@Suite struct InvocationErrorTests {
  private func decode(_ json: String) -> IIIInvocationError {
    Array(json.utf8).withView { IIIInvocationError.decode($0, functionID: "f", invocationID: "i") }
  }

  @Test(arguments: [
    (#"{"code":"E","message":"m"}"#, "E: m"), (#"{"message":"m"}"#, "UNKNOWN: m"),
    (#"{"code":7,"message":"m"}"#, "UNKNOWN: m"), (#"{"code":"E"}"#, "E: <no message>"),
    (#"{"code":"E","message":null}"#, "E: <no message>"), ("{}", "UNKNOWN: <no message>"),
    (#""str""#, "UNKNOWN: str"), (#""""#, "UNKNOWN: "), ("[1, {\"a\" :2}]", #"UNKNOWN: [1,{"a":2}]"#),
    ("7", "UNKNOWN: 7"), ("false", "UNKNOWN: false"), ("0", "UNKNOWN: 0"), ("[]", "UNKNOWN: []"),
  ])
  func takesWhatEnginesSend(json: String, text: String) {
    let error = decode(json)
    #expect("\(error)" == text + " (function 'f')")
    #expect(type(of: error) == IIIInvocationError.self)
    #expect(error.functionID == "f")
    #expect(error.invocationID == "i")
    #expect(error.stacktrace == nil)
  }

  @Test func codesChooseTheClass() {
    let forbidden = decode(#"{"code":"FORBIDDEN","message":"no","stacktrace":"at line 7"}"#)
    #expect(forbidden is IIIForbiddenError)
    #expect(forbidden.stacktrace == "at line 7")
    #expect("\(forbidden)" == "FORBIDDEN: no (function 'f')")
    #expect(decode(#"{"code":"TIMEOUT","message":"late"}"#) is IIITimeoutError)
    #expect(type(of: decode(#"{"code":"timeout","message":"late"}"#)) == IIIInvocationError.self)
    #expect(decode(#"{"code":"E","message":"m","stacktrace":7}"#).stacktrace == nil)
  }

  @Test func theBaseCatchesAll() {
    do {
      throw IIIForbiddenError(message: "no")
    } catch let error as IIIInvocationError {
      #expect("\(error)" == "FORBIDDEN: no")
      #expect(error is IIIForbiddenError)
    } catch {
      Issue.record("not caught as the base: \(error)")
    }
  }

  @Test func goesOnTheWire() {
    let plain = IIIInvocationError(code: "E", message: "a \"b\"\n", functionID: "f", invocationID: "i")
    #expect(String(decoding: plain.wireBytes, as: UTF8.self) == #"{"code":"E","message":"a \"b\"\n"}"#)
    let traced = IIIInvocationError.make(
      code: "TIMEOUT", message: "m", functionID: nil, stacktrace: "s", origin: .answer)
    #expect(traced is IIITimeoutError)
    #expect(String(decoding: traced.wireBytes, as: UTF8.self) == #"{"code":"TIMEOUT","message":"m","stacktrace":"s"}"#)
  }

  @Test func subclassesOfUsersWork() {
    // Sendable: it adds no property to its superclass.
    final class Declined: IIIInvocationError, @unchecked Sendable {
      init() { super.init(code: "DECLINED", message: "no funds") }
    }
    #expect("\(Declined())" == "DECLINED: no funds")
  }

  @Test func connectionErrorsKeepSecrets() {
    let error = IIIConnectionError(address: "ws://user:pass@host:1/path@x?token=secret", reason: "ECONNREFUSED")
    #expect(
      "\(error)"
        == "Connection to ws://host:1/path@x failed after max retries: ECONNREFUSED. Is the engine running at this address?"
    )
    #expect("\(IIIConnectionError(address: "ws://h:1"))" == "Connection to ws://h:1 failed after max retries")
    #expect(IIIConnectionError.redacted("nonsense") == "nonsense")
  }

  @Test func otherErrorsSayWhatHappened() {
    #expect("\(IIIRegistrationError(reason: .emptyID))" == "id is required: the given one is empty or blank")
    #expect("\(IIIRegistrationError(reason: .alreadyRegistered("f")))".hasPrefix("function id 'f' already registered"))
    #expect("\(IIIRegistrationError(reason: .emptyNamespace("III_NAMESPACE")))".contains("III_NAMESPACE"))
    let rejected = RegistrationRejectedError(
      code: "FUNCTION_NAMESPACE_CONFLICT", namespace: "n", functionID: "f", ownerWorkerID: "w")
    #expect("\(rejected)" == "FUNCTION_NAMESPACE_CONFLICT: function 'f' is taken in namespace 'n' by worker w")
  }

  @Test("an error contains its function, and why there was no connection")
  func descriptions() {
    let call = PendingCall(
      id: .random(), functionID: "f", message: Outbound(frame: []), timeout: .milliseconds(300), now: 0
    ) { _ in }
    #expect("\(call.timedOut(disconnection: nil))" == "TIMEOUT: invocation timed out after 300ms (function 'f')")
    let offline = call.timedOut(disconnection: "ECONNREFUSED")
    #expect(
      "\(offline)" == "TIMEOUT: invocation timed out after 300ms (function 'f'); not connected: ECONNREFUSED")
    #expect(offline is IIITimeoutError)
    #expect(
      offline.passedOn
        == .invocationFailed(
          "in a call of 'f': TIMEOUT: invocation timed out after 300ms; not connected: ECONNREFUSED"))
  }

  @Test("a call that times out without a connection has the reason in its error, and one with a connection does not")
  func timedOutOffline() {
    let errors = Lock<[String]>([])
    func call(_ harness: inout MachineHarness) {
      let call = PendingCall(
        id: .random(), functionID: "f", message: Outbound(frame: MachineHarness.frame("call")),
        timeout: .milliseconds(50), now: harness.now
      ) { outcome in
        if case .failure(let error) = outcome { errors.withLock { $0.append("\(error)") } }
      }
      harness.event { $0.call(call, now: $1) }
      harness.advance(.milliseconds(50))
    }
    var harness = MachineHarness()
    harness.start()
    call(&harness)
    harness.end("ECONNREFUSED")
    call(&harness)
    harness.advance(.seconds(2))
    harness.open()
    call(&harness)
    let text = "TIMEOUT: invocation timed out after 50ms (function 'f')"
    #expect(
      errors.withLock { $0 } == [
        "\(text); not connected: no attempt to connect to ws://engine has ended yet",
        "\(text); not connected: ECONNREFUSED", text,
      ])
  }

  @Test("errors are equal by code, message and function")
  func equality() {
    let error = IIIInvocationError(code: "E", message: "m", functionID: "f", stacktrace: "s", invocationID: "i")
    #expect(error == IIIInvocationError(code: "E", message: "m", functionID: "f"))
    #expect(error != IIIInvocationError(code: "E", message: "m"))
    #expect(error != IIIInvocationError(code: "E", message: "n", functionID: "f"))
    #expect(error != IIIInvocationError(code: "F", message: "m", functionID: "f"))
  }

  @Test("the two subclasses have their codes by default")
  func defaultCodes() {
    #expect(IIIForbiddenError(message: "no").code == "FORBIDDEN")
    #expect(IIITimeoutError(message: "late").description == "TIMEOUT: late")
  }

  @Test("Foundation shows the same text")
  func localized() {
    #expect(PayloadCoder.text(of: IIITimeoutError(message: "late")) == "TIMEOUT: late")
    #expect(
      (IIIRegistrationError(reason: .emptyID) as any Error).localizedDescription
        == "id is required: the given one is empty or blank")
    #expect((IIIConnectionError(address: "ws://h:1") as any Error).localizedDescription.contains("ws://h:1"))
  }
}
