import Foundation
import Testing

@testable import iii_dev

@Suite struct DemoTextTests {
  @Test("the Swift program that the demo shows is compiled with the call sites")
  func swiftProgram() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../CallSites/Compile/main-banner.swift")
    let program = try String(contentsOf: file, encoding: .utf8)
    let text = DemoText(url: "ws://127.0.0.1:49134", command: "iii-dev").text(reply: "Hello", time: .milliseconds(1))
    let indented = program.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "    \($0)" }.joined(separator: "\n")
    #expect(text.contains(indented))
  }

  @Test("a command with a space in its path is quoted")
  func quoting() {
    let text = DemoText(url: "ws://127.0.0.1:7", command: "/a b/iii-dev").text(reply: "Hello", time: .milliseconds(150))
    #expect(text.contains("'/a b/iii-dev' trigger demo::greet name=Ada --port 7\n"))
    #expect(text.contains("(150 ms)"))
  }
}
