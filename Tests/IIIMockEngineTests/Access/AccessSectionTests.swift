import III
import Testing

@testable import IIIMockEngine

@Suite struct AccessSectionTests {
  private func section(_ rbac: String) throws -> AccessSection {
    let root = try #require(
      try YAMLComposer.root(
        of: try Interpolation(Array("name: iii-worker-manager\nrbac:\n\(rbac)\n".utf8), environment: Variables([:]))))
    let entry = try WorkerEntry(
      YAMLNode(
        content: .mapping([
          .init(key: "name", position: .init(), value: .init(content: .string("iii-worker-manager"), position: .init()))
        ]), position: .init()), place: "workers[0]")
    return try AccessSection(try #require(root["rbac"]), of: entry)
  }

  private func fault(_ rbac: String) -> ConfigurationFault? {
    do {
      _ = try section(rbac)
      return nil
    } catch { return error as? ConfigurationFault }
  }

  @Test("all members of rbac are read")
  func everyMember() throws {
    let section = try section(
      """
        auth_function_id: auth
        on_function_registration_function_id: f
        on_trigger_registration_function_id: t
        on_trigger_type_registration_function_id: y
        expose_functions:
          - match("a::*")
          - '  match(''b'')  '
          - metadata: {tier: match("gold*"), level: 1, note: null, tags: [a, b]}
      """)
    let metadata: FunctionFilter = .metadata([
      .matching("tier", "gold*"), .equals("level", 1), .equals("note", nil), .equals("tags", ["a", "b"]),
    ])
    #expect(
      section.rules
        == AccessRules(
          authFunctionID: "auth", exposeFunctions: [.matching("a::*"), .matching("b"), metadata],
          onFunctionRegistrationFunctionID: "f", onTriggerRegistrationFunctionID: "t",
          onTriggerTypeRegistrationFunctionID: "y"))
    #expect(section.warnings.isEmpty)
  }

  @Test(
    "a filter that is none is refused with the real engine's text",
    arguments: [
      ("engine::*", "expected match(\"pattern\"), got: engine::*"),
      ("match(\"a')", "expected match(\"pattern\"), got: match(\"a')"),
      ("match(a)", "expected match(\"pattern\"), got: match(a)"),
      ("match(\")", "expected match(\"pattern\"), got: match(\")"),
      ("{metadata: {}}", "expected a 'metadata' key with filter conditions"),
      ("{meta: {a: 1}}", "expected a 'metadata' key with filter conditions"),
      ("{metadata: x}", "expected a 'metadata' key with filter conditions"),
      ("5", "invalid type: integer `5`, expected a match(\"pattern\") string or a map with 'metadata' key"),
    ])
  func badFilters(filter: String, reason: String) {
    let written = filter.hasPrefix("{") || filter == "5" ? filter : "'\(filter.replacing("'", with: "''"))'"
    let fault = fault("  expose_functions: [\(written)]")
    #expect(
      fault?.reason == "failed to create worker 'iii-worker-manager': Failed to create iii-worker-manager: \(reason)")
    #expect(fault?.position?.line == 3)
  }

  @Test("members of wrong types are refused")
  func wrongTypes() {
    #expect(fault("  expose_functions: null")?.reason.hasSuffix("invalid type: null, expected a sequence") == true)
    #expect(fault("  auth_function_id: 5")?.reason.hasSuffix("invalid type: integer `5`, expected a string") == true)
    #expect(fault("  - a")?.reason.hasSuffix("invalid type: sequence, expected struct RbacConfig") == true)
  }

  @Test("keys without effect are reported, with the name that was probably meant")
  func unknownKeys() throws {
    let section = try section(
      """
        auth_function: x
        expose_functions:
          - comment: x
            metadata: {a: 1}
      """)
    #expect(
      section.warnings == [
        "unknown key `auth_function` of `rbac`; line 3: ignored (did you mean `auth_function_id`?)",
        "the key `comment` beside `metadata` in a filter has no effect; line 5",
      ])
  }
}
