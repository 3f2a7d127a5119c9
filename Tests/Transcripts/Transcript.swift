import Foundation

/// A recorded conversation: what raw peers said to the real engine and what it answered.
struct Transcript: Sendable, CustomStringConvertible {
  let name: String
  /// The configuration of the engine that was recorded.
  let config: String
  let steps: [JSON]

  var description: String { name }

  /// All that lie in `Data`.
  static let all: [Transcript] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Data")
    do {
      let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      return try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { file in
        let document = try JSON.parse(String(decoding: Data(contentsOf: file), as: UTF8.self))
        guard let name = document["name"]?.string, let config = document["config"]?.string,
          let steps = document["steps"]?.array, !steps.isEmpty
        else { throw JSON.Unreadable(offset: 0) }
        return Transcript(name: name, config: config, steps: steps)
      }
    } catch { preconditionFailure("the transcripts in \(folder.path) cannot be read: \(error)") }
  }()
}
