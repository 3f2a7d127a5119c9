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
