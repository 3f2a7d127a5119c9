import Foundation
import Transcripts

extension Transcript {
  /// All conversations in `Data`, which were recorded with the real engine.
  static let all: [Transcript] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Data")
    do {
      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      return try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { file in
        try Transcript(parsing: String(contentsOf: file, encoding: .utf8))
      }
    } catch { preconditionFailure("the transcripts in \(folder.path) cannot be read: \(error)") }
  }()
}
