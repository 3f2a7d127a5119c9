import UV

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

// websocket-echo server            echoes on a free port and prints which
// websocket-echo client HOST:PORT  runs the cases of a fuzzing server

func address(_ text: String) -> SocketAddress? {
  guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
  return SocketAddress(numericHost: String(text[..<colon]), port: port)
}

let loop = try Loop(name: "echo")
switch Array(CommandLine.arguments.dropFirst()) {
case ["server"]:
  let bound: SocketAddress = try await withCheckedThrowingContinuation { continuation in
    loop.post {
      continuation.resume(
        with: Result {
          guard let any = address("127.0.0.1:0") else { preconditionFailure("a constant") }
          return try EchoServer(on: loop, at: any).address
        })
    }
  }
  print("websocket-echo listening on \(bound)")
  fflush(nil)
  _ = readLine()  // until whoever started it closes its input
case let arguments where arguments.count == 2 && arguments[0] == "client":
  guard let server = address(arguments[1]) else { preconditionFailure("not HOST:PORT: \(arguments[1])") }
  try await CaseClient(on: loop, server: server).run()
default:
  print("usage: websocket-echo server | websocket-echo client HOST:PORT")
}
_ = await loop.stop()
