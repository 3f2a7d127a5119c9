import III
import IIIMockEngine

@main
struct Program {
  static func main() async throws {
    var lines: [String] = []
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("hello") { (name: String) async in "Hello, \(name)!" }
      lines.append(try await worker.trigger("hello", payload: "Ada"))
    }
    print(lines)
  }
}

@MainActor
final class Model {
  var greeting = ""

  func load() async throws {
    try await withWorker(options: InitOptions(workerName: "model")) { worker in
      greeting = try await worker.trigger("hello", payload: greeting)
    }
    greeting += try await withMockEngine { engine in
      greeting = engine.url
      return greeting
    }
  }
}
