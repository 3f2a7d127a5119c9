import Foundation

/// A file that exists as long as this object.
final class TemporaryFile {
  let path: String

  init(_ text: String) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
    try text.write(to: url, atomically: false, encoding: .utf8)
    path = url.path
  }

  deinit { unlink(path) }
}
