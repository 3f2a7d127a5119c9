import Foundation
import Testing

/// An article of a documentation catalog whose code a test compiles and runs.
enum Article {
  /// Checks that the article has so many Swift blocks, and that each of them is in the test's file, or in another one of its
  /// folder, line by line.
  static func expectBlocks(of article: String, count: Int, in file: String, and others: String...) throws {
    let here = URL(fileURLWithPath: file)
    let root = (0..<4).reduce(here) { url, _ in url.deletingLastPathComponent() }
    let name = article.split(separator: " ").joined(separator: "-") + ".md"
    let paths = ["III", "IIIMockEngine"].map { "Sources/\($0)/\($0).docc/\(name)" }
    let urls = paths.map { root.appendingPathComponent($0) }.filter { FileManager.default.fileExists(atPath: $0.path) }
    let text = try String(contentsOf: #require(urls.first), encoding: .utf8)
    let sources = try ([here.lastPathComponent] + others).map { name in
      let source = here.deletingLastPathComponent().appendingPathComponent(name)
      return lines(try String(contentsOf: source, encoding: .utf8)).joined(separator: "\n")
    }
    var blocks: [[String]] = []
    var isInside = false
    for line in lines(text) {
      if line == "```swift" { blocks.append([]) }
      if line.hasPrefix("```") {
        isInside = line == "```swift"
      } else if isInside {
        blocks[blocks.count - 1].append(line)
      }
    }
    #expect(blocks.count == count)
    for block in blocks {
      let text = block.filter { !$0.isEmpty }.joined(separator: "\n")
      #expect(sources.contains { $0.contains(text) }, "\(text)")
    }
  }

  /// Without indentation and blank lines.
  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
  }
}
