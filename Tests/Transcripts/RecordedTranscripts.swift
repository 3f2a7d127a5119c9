import Foundation
import Transcripts

extension Transcript {
  /// All conversations in `Data`, which were recorded with the real engine.
  static let all: [Transcript] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Data")
    do {
      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      let recordings = files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
      // Two steps: the compiler crashes in release mode where a typed and an untyped error leave one closure.
      let texts = try recordings.map { try String(contentsOf: $0, encoding: .utf8) }
      return try texts.map { try Transcript(parsing: $0) }
    } catch { preconditionFailure("the transcripts in \(folder.path) cannot be read: \(error)") }
  }()
}
