import III
import Testing

@testable import IIIMockEngine

@Suite struct HTTPRoutesTests {
  private func route(_ path: String, _ method: String = "GET", id: String = "t", sequence: UInt64 = 1) throws
    -> HTTPRoute
  {
    var trigger = TriggerEntry(
      id: ByteKey(id), type: "http", functionID: "f",
      config: Array(#"{"api_path":"\#(path)","http_method":"\#(method)"}"#.utf8), metadata: nil,
      owner: PeerID(slot: 0, generation: 0))
    trigger.sequence = sequence
    return try HTTPRoute(trigger)
  }

  private func text(_ match: HTTPRoutes.Match, _ path: String) -> String {
    switch match {
    case .route(let route):
      "\(route.apiPath) \(parameters(of: path, at: route).map { "\($0.key)=\($0.value.stringValue ?? "")" })"
    case .otherMethods(let methods): methods.joined(separator: ",")
    case .none: "none"
    }
  }

  private func parameters(of path: String, at route: HTTPRoute) -> JSONObject {
    var counter = ByteCounter()
    route.writeParameters(of: path, into: &counter)
    let bytes = ByteWriter.bytes(counter.count) { route.writeParameters(of: path, into: &$0) }
    return (try? PayloadCoder.decode(JSONValue.self, from: bytes))?.objectValue ?? [:]
  }

  @Test(
    "a static segment goes before a parameter, and that before the rest; where one leads nowhere, the next is tried")
  func precedence() throws {
    let routes = HTTPRoutes()
    for path in ["/a/b", "a/:x", "/a/:x/c", "a/b/d/e", "/", "files/{*rest}", "b/{y}", "a/"] {
      try routes.add(try route(path))
    }
    func find(_ path: String) -> String { text(routes.find(path, method: "GET"), path) }
    #expect(find("/a/b") == "/a/b []")
    #expect(find("/a/z") == #"a/:x ["x=z"]"#)
    #expect(find("/a/b/c") == #"/a/:x/c ["x=b"]"#)
    #expect(find("/a/b/d/e") == "a/b/d/e []")
    #expect(find("/a/b/d") == "none")
    #expect(find("/a/") == "a/ []")
    #expect(find("/") == "/ []")
    #expect(find("/files/x/y") == "files/{*rest} []")
    #expect(find("/files/") == "none")
    #expect(find("/b/q") == "b/{y} []")
    #expect(find("/a/a%20b") == #"a/:x ["x=a%20b"]"#)
    #expect(find("a/b") == "none")
    #expect(find("*") == "none")
  }

  @Test("the other methods of a path are known")
  func methods() throws {
    let routes = HTTPRoutes()
    for method in ["post", "Get", "BREW"] { try routes.add(try route("/x", method)) }
    #expect(text(routes.find("/x", method: "PUT"), "/x") == "GET,POST")
    #expect(text(routes.find("/x", method: "BREW"), "/x") == "GET,POST")
    #expect(text(routes.find("/y", method: "GET"), "/y") == "none")
  }

  @Test("the newest of equal routes counts, and goes only with its own trigger; nothing is left of removed ones")
  func owners() throws {
    let routes = HTTPRoutes()
    let (old, new) = (try route("/a/:x", id: "1", sequence: 1), try route("a/:x", id: "2", sequence: 2))
    try routes.add(old)
    try routes.add(new)
    routes.remove(old)
    #expect(text(routes.find("/a/1", method: "GET"), "/a/1") == #"a/:x ["x=1"]"#)
    routes.remove(new)
    #expect(text(routes.find("/a/1", method: "GET"), "/a/1") == "none")
  }

  @Test("routes that differ in the names of parameters conflict, unless their methods differ")
  func conflicts() throws {
    let routes = HTTPRoutes()
    try routes.add(try route("c/:a/:b", id: "1"))
    let error = #expect(throws: InvocationFailure.self) { try routes.add(try route("c/:b/:a", id: "2")) }
    #expect(
      error?.message
        == "Route 'GET c/:b/:a' conflicts with already-registered route 'GET c/:a/:b': routes with identical structure but "
        + "different path-parameter names are not supported")
    try routes.add(try route("c/:b/:a", "POST", id: "3"))
    #expect(text(routes.find("/c/1/2", method: "POST"), "/c/1/2") == #"c/:b/:a ["b=1", "a=2"]"#)
  }

  @Test("paths that cannot be served are refused")
  func refused() throws {
    #expect(throws: InvocationFailure.self) { try route("star/*") }
    #expect(throws: InvocationFailure.self) { try route("{*rest}/x") }
  }
}
