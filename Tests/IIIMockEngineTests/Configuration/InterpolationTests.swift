import Testing

@testable import IIIMockEngine

@Suite struct InterpolationTests {
  static let environment = Variables(["SET": "value", "EMPTY": "", "NESTED": "${SET}", "A${B": "odd", "A\nB": "two"])

  @Test(arguments: [
    ("plain $ {text}", "plain $ {text}"),
    ("${SET}", "value"),
    ("a${SET}b${SET}c", "avaluebvaluec"),
    ("${SET:default}", "value"),
    ("${EMPTY:default}", ""),
    ("${UNSET:default}", "default"),
    ("${UNSET:}", ""),
    ("${UNSET:-x}", "-x"),
    ("${UNSET:redis://localhost:6379/0}", "redis://localhost:6379/0"),
    ("${UNSET:${SET}}", "${SET}"),
    ("${NESTED}", "${SET}"),
    ("${UNSET:__III_ENGINE_VERSION__}", "0.13.0"),
    ("# ${UNSET:in a comment}", "# in a comment"),
    ("$${SET}", "$value"),
    ("${A${B}", "odd"),
    ("${A\nB}", "two"),
    ("${}", "${}"),
    ("${:default}", "${:default}"),
    ("${SET", "${SET"),
    ("${SET:default", "${SET:default"),
    ("${", "${"),
    ("$", "$"),
    ("${:${SET}", "${:value"),
    ("ä${SET}ö", "ävalueö"),
  ])
  func replaces(text: String, expected: String) throws {
    let result = try Interpolation(Array(text.utf8), environment: Self.environment)
    #expect(String(decoding: result.output, as: UTF8.self) == expected)
  }

  @Test(arguments: [
    ("${UNSET}", 1, 1), ("a: 1\nb: ä ${UNSET}", 2, 6), ("# ${UNSET}\n", 1, 3), ("${SET}\r\n  ${UNSET}", 2, 3),
  ])
  func unsetVariable(text: String, line: Int, column: Int) {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationFile.parse(text: text, path: "x.yaml", environment: Self.environment)
    }
    #expect(error?.kind == .unsetVariable)
    #expect(error?.message == "Environment variable 'UNSET' not set and no default provided")
    #expect(error?.position == SourcePosition(line: line, column: column))
    #expect(error?.path == "x.yaml")
  }

  @Test func textThatGrowsWithoutBoundIsRefused() {
    let environment = Variables(["BIG": String(repeating: "x", count: 1 << 20)])
    let text = String(repeating: "${BIG}", count: 17)
    #expect(throws: ConfigurationFault.self) { try Interpolation(Array(text.utf8), environment: environment) }
  }

  @Test func manyOpenPlaceholdersCostLittle() throws {
    let text = String(repeating: "${a:${", count: 150_000)
    #expect(try Interpolation(Array(text.utf8), environment: Self.environment).output.count == text.utf8.count)
  }

  /// Places are those of the file as it was written.
  @Test(arguments: [
    ("${SET}: x\n${SET}: y", 2, 1),
    ("${LONG}: 1\n${SET}: 1\n${LONG}: 2", 3, 1),
    ("{a: ${SET}, b: ${EMPTY}, a: 1}", 1, 26),
    ("a: ${LINES}\nb: 1\nb: 2", 3, 1),
    ("a: \"${LINES}\"\nb: 1\nb: 2", 3, 1),
    ("a: ${SET\n:x\n}\nb: 1\nb: 2", 5, 1),
    ("ä: 1\r\nb: 1\r\n  \r\nb: 1", 4, 1),
  ])
  func placesSurvive(text: String, line: Int, column: Int) {
    let environment = Variables([
      "SET": "value", "LONG": "a long key", "EMPTY": "", "LINES": "1\nc: 2\nd: 3", "SET\n": "v",
    ])
    let error = #expect(throws: ConfigurationFault.self) {
      try YAMLComposer.root(of: Interpolation(Array(text.utf8), environment: environment))
    }
    #expect(error?.reason.hasPrefix("duplicate field") == true, "\(String(describing: error))")
    #expect(error?.position == SourcePosition(line: line, column: column))
  }
}
