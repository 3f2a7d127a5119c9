internal import CCurl

/// A URL that the engine calls, as libcurl reads it: the same parser checks it and connects to it.
struct HTTPTargetURL: Sendable, Hashable {
  /// What is given to libcurl.
  let text: String
  /// In lower case; IPv6 without brackets.
  let host: String
  let port: UInt16
  let isHTTPS: Bool
  /// The URL without user, password and query: they may be secrets.
  let shown: String

  /// `nil` if the text is no URL of HTTP, or libcurl is missing.
  init?(_ text: String) {
    guard let curl = CurlLibrary.loaded?.functions.pointee,
      !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }), let url = curl.url()
    else { return nil }
    defer { curl.url_cleanup(url) }
    guard curl.url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK else { return nil }
    func part(_ part: CURLUPart, _ flags: Int = 0) -> String? {
      var value: UnsafeMutablePointer<CChar>?
      guard curl.url_get(url, part, &value, UInt32(flags)) == CURLUE_OK, let value else { return nil }
      defer { curl.free(value) }
      return String(cString: value)
    }
    guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "http" || scheme == "https",
      let host = part(CURLUPART_HOST), !host.isEmpty,
      let port = part(CURLUPART_PORT, Int(CURLU_DEFAULT_PORT)).flatMap({ UInt16($0) }),
      let path = part(CURLUPART_PATH)
    else { return nil }
    self.text = text
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    self.host = (isBracketed ? String(host.dropFirst().dropLast()) : host).lowercased()
    self.port = port
    isHTTPS = scheme == "https"
    let standard: UInt16 = scheme == "https" ? 443 : 80
    shown = "\(scheme)://\(host.lowercased())\(port == standard ? "" : ":\(port)")\(path)"
  }
}
