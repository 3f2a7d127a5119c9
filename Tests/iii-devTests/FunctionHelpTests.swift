import III
import Testing

@testable import iii_dev

@Suite struct FunctionHelpTests {
  @Test func parameters() {
    let row: JSONValue = [
      "function_id": "math::add", "description": "Adds.",
      "request_format": [
        "type": "object", "required": ["x"],
        "properties": [
          "x": ["type": "integer", "description": "left"], "y": ["type": ["integer", "null"]],
          "z": ["anyOf": [["type": "string"], ["type": "null"]]], "any": [:],
        ],
      ],
    ]
    let text = FunctionHelp(row).text(isColoured: false)
    #expect(
      text.hasPrefix(
        """
        math::add

        Adds.

        Usage: iii-dev trigger math::add [key=value ...] [--json '<obj>']

        Parameters:
          NAME  TYPE          REQUIRED  DESCRIPTION
          x     integer       yes       left
          y     integer|null  no
          z     string|null   no
          any   any           no

        Options:
              --json JSON
        """), "\(text)")
  }

  @Test("References, arrays and enumerations of an inferred schema are shown") func inferredSchema() {
    enum Color: String, Codable, CaseIterable { case red, green }
    struct Part: Codable { var id: Int }
    struct Input: Codable { var color: Color, part: Part, parts: [Part]?, names: [String?], next: [Input]? }
    let help = FunctionHelp(["function_id": "f", "request_format": jsonSchema(for: Input.self) ?? .null])
    #expect(
      help.parameters == [
        FunctionHelp.Parameter(name: "color", type: "string", isRequired: true, description: "one of red, green"),
        FunctionHelp.Parameter(name: "part", type: "object", isRequired: true, description: ""),
        FunctionHelp.Parameter(name: "parts", type: "object[]|null", isRequired: false, description: ""),
        FunctionHelp.Parameter(name: "names", type: "(string|null)[]", isRequired: true, description: ""),
        FunctionHelp.Parameter(name: "next", type: "object[]|null", isRequired: false, description: ""),
      ])
  }

  @Test("A payload that is not an object is shown by its type") func otherPayloads() {
    let help = FunctionHelp(["function_id": "f", "request_format": jsonSchema(for: [Int].self) ?? .null])
    #expect(help.text(isColoured: false).contains("Parameters:\n  (none; the payload is integer[]: --json)\n"))
  }

  @Test("A schema that refers to itself does not loop") func endlessReference() {
    let row: JSONValue = [
      "function_id": "f",
      "request_format": [
        "properties": ["a": ["$ref": "#/$defs/A"], "b": ["type": "array", "items": ["$ref": "#/properties/b"]]],
        "$defs": ["A": ["$ref": "#/$defs/A"]],
      ],
    ]
    #expect(FunctionHelp(row).parameters?.map(\.type) == ["any", "any[][][][]"])
  }

  @Test func withoutSchema() {
    let text = FunctionHelp(["function_id": "f"]).text(isColoured: false)
    #expect(text.contains("Parameters:\n  (no request schema published)\n"))
    #expect(FunctionHelp(["function_id": "f", "request_format": .null]).parameters == nil)
    #expect(FunctionHelp(["function_id": "f", "request_format": ["properties": [:]]]).parameters == [])
  }

  @Test func whatWorkersSayCannotCommandTheTerminal() {
    let row: JSONValue = [
      "function_id": "f\u{1B}", "description": "a\u{1B}[2J\nb",
      "request_format": ["properties": ["p\n": ["type": "\u{9B}", "description": "\r"]]],
    ]
    let text = FunctionHelp(row).text(isColoured: false)
    #expect(!text.unicodeScalars.contains { $0 != "\n" && PrintableText.isHarmful($0) })
    #expect(text.contains("a\\u{1b}[2J\nb\n"))
    #expect(text.contains("  p\\n"))
  }
}
