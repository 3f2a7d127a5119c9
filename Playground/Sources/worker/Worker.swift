import III

struct Person: Codable, Sendable { let name: String }

/// A worker that serves an engine until Ctrl-C: start one with `make run` in the package's folder, then `swift run worker`.
/// Call it with `iii-dev trigger swift::greet name=Ada`.
@main
struct Worker {
  static func main() async throws {
    let worker = try await registerWorker(options: InitOptions(workerName: "playground"))
    try worker.registerFunction("swift::greet", description: "Greets by name.") {
      (person: Person) async in
      "Hello, \(person.name)!"
    }
    try await worker.run()
  }
}
