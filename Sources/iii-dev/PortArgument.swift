/// The value of `--port`.
enum PortArgument {
  static func parse(_ text: String, allowsAny: Bool) throws(UsageError) -> UInt16 {
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let port = UInt16(text),
      allowsAny || port != 0
    else {
      throw UsageError(
        message: "option '--port': '\(text)' is not a port number (\(allowsAny ? "0 to" : "1 to") 65535"
          + (allowsAny ? "; 0 takes any free one)" : ")"))
    }
    return port
  }
}
