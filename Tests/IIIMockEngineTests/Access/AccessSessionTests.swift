import III
import Testing

@testable import IIIMockEngine

@Suite struct AccessSessionTests {
  private func session(_ json: String) throws(AccessSession.Refusal) -> AccessSession {
    try AccessSession(authResult: try? JSONValue(parsing: json), readsNamespaces: true)
  }

  private func refusal(_ json: String) -> String? {
    do throws(AccessSession.Refusal) {
      _ = try session(json)
      return nil
    } catch { return error.message }
  }

  @Test("what an auth function leaves out has its default")
  func defaults() throws {
    let session = try session("{}")
    #expect(session.allowsFunctionRegistration)
    #expect(!session.allowsTriggerTypeRegistration)
    #expect(session.context == Array("{}".utf8))
    #expect(session.registrationPrefix == nil)
    #expect("http".utf8View { session.mayRegisterTrigger(ofType: $0) })
    #expect(AccessSession().allowsTriggerTypeRegistration)
  }

  @Test("all members are read, from an object and from an array")
  func everyMember() throws {
    let object = """
      {"allowed_functions":["a"],"forbidden_functions":["b"],"allowed_trigger_types":["cron"],
       "allow_trigger_type_registration":true,"allow_function_registration":false,"context":{"user":"u1"},
       "function_registration_prefix":"team","other":1}
      """
    let array = #"[["a"],["b"],["cron"],true,false,{"user":"u1"},"team"]"#
    for json in [object, array] {
      let session = try session(json)
      #expect("a".utf8View { session.allowedFunctions.find($0) } != nil)
      #expect("b".utf8View { session.forbiddenFunctions.find($0) } != nil)
      #expect("cron".utf8View { session.mayRegisterTrigger(ofType: $0) })
      #expect(!"http".utf8View { session.mayRegisterTrigger(ofType: $0) })
      #expect(session.allowsTriggerTypeRegistration && !session.allowsFunctionRegistration)
      #expect(session.context == Array(#"{"user":"u1"}"#.utf8))
      #expect(session.registrationPrefix == "team")
    }
  }

  @Test("null is accepted where the real engine accepts it")
  func nulls() throws {
    let session = try session(
      #"{"allowed_trigger_types":null,"context":null,"function_registration_prefix":null}"#)
    #expect("any".utf8View { session.mayRegisterTrigger(ofType: $0) })
    #expect(session.context == Array("null".utf8))
    #expect(
      !"any".utf8View { (try? self.session(#"{"allowed_trigger_types":[]}"#))?.mayRegisterTrigger(ofType: $0) ?? true })
  }

  @Test(
    "an unusable result is refused in the decoder's words",
    arguments: [
      ("null", "auth function returned no result"),
      ("false", "invalid type: boolean `false`, expected struct AuthResult"),
      ("1.5", "invalid type: floating point `1.5`, expected struct AuthResult"),
      (#""x""#, #"invalid type: string "x", expected struct AuthResult"#),
      (#"{"allowed_functions":null}"#, "invalid type: null, expected a sequence"),
      (#"{"forbidden_functions":["a",1]}"#, "invalid type: integer `1`, expected a string"),
      (#"{"allow_function_registration":null}"#, "invalid type: null, expected a boolean"),
      (#"{"allow_trigger_type_registration":"yes"}"#, #"invalid type: string "yes", expected a boolean"#),
      (#"{"function_registration_prefix":1}"#, "invalid type: integer `1`, expected a string"),
      (#"{"allowed_trigger_types":{}}"#, "invalid type: map, expected a sequence"),
      (#"{"forbidden_functions":1,"allowed_functions":{}}"#, "invalid type: map, expected a sequence"),
      ("[1]", "invalid type: integer `1`, expected a sequence"),
      ("[[],[],null,true,true,{},null,8]", "invalid length 8, expected fewer elements in array"),
    ])
  func refusals(json: String, message: String) { #expect(refusal(json) == message) }

  @Test("grants of the default namespace are patterns of functions that may be called")
  func grants() throws {
    let session = try session(#"{"namespaces":{"default":["svc::*","match(\"x::*\")"],"other":["no"]}}"#)
    #expect(session.grants.map(\.text) == ["svc::*", "x::*"])
  }
}

extension String {
  /// Lends the text's bytes.
  func utf8View<Result>(_ body: (ByteView) -> Result) -> Result { Array(utf8).withView(body) }
}
