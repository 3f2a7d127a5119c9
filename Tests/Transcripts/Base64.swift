import Foundation

/// How transcripts write binary frames.
enum Base64 {
  static func decode(_ text: String) throws -> [UInt8] {
    guard let data = Data(base64Encoded: text) else { throw JSON.Unreadable(offset: 0) }
    return Array(data)
  }

  static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
