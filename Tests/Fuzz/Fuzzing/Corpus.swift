import Foundation

/// The recorded messages that mutated ones are made from.
package struct Corpus: Sendable {
  package struct Message: Sendable, Equatable {
    package var bytes: [UInt8]
    package var isText: Bool

    package init(bytes: [UInt8], isText: Bool) {
      self.bytes = bytes
      self.isText = isText
    }
  }

  /// What workers sent.
  package private(set) var toEngine: [Message] = []
  /// What the engine sent.
  package private(set) var toWorker: [Message] = []

  /// Reads `corpus.txt`, whose first lines say how it is written.
  package static func load() throws -> Corpus {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: folder.appending(path: "corpus.txt"), encoding: .utf8)
    var corpus = Corpus()
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let isBinary = parts[0].hasSuffix("b")
      let bytes = isBinary ? Data(base64Encoded: String(parts[1])).map(Array.init) ?? [] : Array(parts[1].utf8)
      let message = Message(bytes: bytes, isText: !isBinary)
      if parts[0].hasPrefix(">") { corpus.toEngine.append(message) } else { corpus.toWorker.append(message) }
    }
    return corpus
  }
}
