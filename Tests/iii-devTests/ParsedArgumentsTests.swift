import Testing

@testable import iii_dev

@Suite struct ParsedArgumentsTests {
  static let options = [
    OptionDefinition(name: "--port", short: "-p", value: "PORT", help: ""),
    OptionDefinition(name: "--json", value: "JSON", help: ""),
    OptionDefinition(name: "--quiet", help: ""),
    OptionDefinition.help,
  ]

  @Test(
    arguments: [
      ([], nil, false, []),
      (["--port", "5"], "5", false, []),
      (["--port=5"], "5", false, []),
      (["--port="], "", false, []),
      (["--port=a=b"], "a=b", false, []),
      (["-p", "5", "--quiet"], "5", true, []),
      (["a", "--quiet", "k=v", "--port", "-5"], "-5", true, ["a", "k=v"]),
      (["--", "--port", "5"], nil, false, ["--port", "5"]),
      (["-", "-5", "k=--quiet"], nil, false, ["-", "-5", "k=--quiet"]),
      (["--port", "--unknown"], "--unknown", false, []),
    ] as [([String], String?, Bool, [String])])
  func understood(arguments: [String], port: String?, isQuiet: Bool, operands: [String]) throws {
    let parsed = try ParsedArguments(arguments, options: Self.options)
    #expect(parsed["--port"] == port)
    #expect(parsed.has("--quiet") == isQuiet)
    #expect(parsed.operands == operands)
  }

  @Test(arguments: [
    (["--prot", "5"], "unknown option '--prot'; did you mean '--port'?"),
    (["--function-id", "f"], "unknown option '--function-id'"),
    (["-x"], "unknown option '-x'"),
    (["--Quiet"], "unknown option '--Quiet'; did you mean '--quiet'?"),
    (["--port"], "option '--port' needs a value: --port PORT"),
    (["--port", "--quiet"], "option '--port' needs a value: --port PORT"),
    (["--quiet=yes"], "option '--quiet' takes no value"),
    (["--port", "1", "--port=2"], "option '--port' is given twice"),
  ])
  func notUnderstood(arguments: [String], message: String) {
    let error = #expect(throws: UsageError.self) { try ParsedArguments(arguments, options: Self.options) }
    #expect(error?.message == message)
  }
}
