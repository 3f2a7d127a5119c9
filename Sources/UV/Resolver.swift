internal import CUV

/// Finds the addresses of a host.
///
/// Numeric hosts and `localhost` need no look-up. Other names are looked up on a detached thread, not in libuv's pool:
/// libuv joins its pool at exit, so a look-up that hangs would hang the process.
package enum Resolver {
  /// Calls `done` once on the loop: at once if no look-up is needed, else later. If there are no addresses, an error is passed.
  package static func resolve(
    _ host: String, port: UInt16, on loop: Loop, _ done: @escaping ([SocketAddress], UVError?) -> Void
  ) {
    if let addresses = known(host, port: port) {
      done(addresses, nil)
      return
    }
    let answer = LoopBound(done, on: loop)
    let code = startDetachedThread(named: "resolve") {
      let (addresses, error) = lookUp(host, port: port)
      // Refused if the loop has stopped in the meantime: then the answer is not needed.
      loop.post { answer.value(addresses, error) }
    }
    if code != 0 { done([], UVError(code: -code, operation: "look up \(host)")) }
  }

  /// The addresses of a host that needs no look-up.
  package static func known(_ host: String, port: UInt16) -> [SocketAddress]? {
    if host.lowercased() == "localhost" {
      return ["127.0.0.1", "::1"].compactMap { SocketAddress(numericHost: $0, port: port) }
    }
    return SocketAddress(numericHost: host, port: port).map { [$0] }
  }

  private static func lookUp(_ host: String, port: UInt16) -> ([SocketAddress], UVError?) {
    var hints = addrinfo()
    #if os(Linux)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    var addresses: [SocketAddress] = []
    var entry = list
    while let info = entry {
      if let raw = info.pointee.ai_addr, Int(info.pointee.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
          $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: Int(info.pointee.ai_addrlen)))
        }
        if let address = SocketAddress(storage) { addresses.append(address) }
      }
      entry = info.pointee.ai_next
    }
    guard addresses.isEmpty else { return (addresses, nil) }
    let reason = code == EAI_AGAIN ? UV_EAI_AGAIN.rawValue : UV_EAI_NONAME.rawValue
    return ([], UVError(code: reason, operation: "look up \(host)"))
  }
}
