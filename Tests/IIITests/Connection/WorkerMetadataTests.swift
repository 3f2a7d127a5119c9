import Testing

@testable import III

@Suite("Worker metadata")
struct WorkerMetadataTests {
  @Test("options take precedence over the environment, the environment over the machine")
  func sources() {
    var options = InitOptions(workerName: "mine")
    let environment = Environment.test(["III_WORKER_NAME": "theirs", "III_NAMESPACE": "ns", "LANG": "C"])
    #expect(WorkerMetadata(options, environment).name == "mine")
    #expect(WorkerMetadata(options, environment).namespace == "ns")
    options.namespace = "own"
    options.workerName = nil
    options.telemetry = TelemetryOptions(language: "en", projectName: "p", framework: "f", amplitudeAPIKey: "k")
    let metadata = WorkerMetadata(options, environment)
    #expect(metadata.name == "theirs")
    #expect(metadata.namespace == "own")
    #expect(
      metadata.payload["telemetry"]
        == ["language": "en", "project_name": "p", "framework": "f", "amplitude_api_key": "k"])
    #expect(metadata.payload["namespace"] == "own")
    #expect(WorkerMetadata(InitOptions(), .test(["III_WORKER_NAME": "  "])).name == "host:7")
    for (variables, language) in [
      (["LANG": "en_GB.UTF-8", "LC_ALL": "de_DE"], "en_GB"), (["LANG": "", "LC_ALL": "de_DE.UTF-8"], "de_DE"),
    ] {
      #expect(WorkerMetadata(InitOptions(), .test(variables)).payload["telemetry"]?["language"] == .string(language))
    }
  }

  @Test("unknown members are left out, except the isolation")
  func unknown() {
    let environment = Environment(
      variables: { _ in nil }, hostName: "h", processID: 1, kernel: nil, projectName: nil)
    let payload = WorkerMetadata(InitOptions(), environment).payload
    #expect(payload["isolation"] == .null)
    #expect(payload["os"] == nil)
    #expect(payload["namespace"] == nil)
    #expect(payload["telemetry"] == ["framework": "iii-swift"])
  }

  @Test(
    "the project's name",
    arguments: [
      ("let package = Package(\n  name: \"demo\",\n", "demo"),
      ("// Package(name: \"no\")\nlet package = Package(name:\"yes\"", "yes"),
      ("Package(name: \"\")", "dir"), ("Package(name: variable)", "dir"), ("let name: String = \"x\"", "dir"),
      ("", "dir"),
      ("Package(name: \"a\\\"b\")", "dir"), ("Package(name: \"unended", "unended"),
    ])
  func projectName(manifest: String, name: String) {
    let found = Environment.projectName(in: "/some/dir") { path in
      path == "/some/dir/Package.swift" ? Array(manifest.utf8) : nil
    }
    #expect(found == name)
  }

  @Test("without a manifest the project has the directory's name; at the root it has none")
  func directory() {
    #expect(Environment.projectName(in: "/a/b") { _ in nil } == "b")
    #expect(Environment.projectName(in: "/") { _ in nil } == nil)
    #expect(Environment.projectName(in: nil) { _ in nil } == nil)
  }

  @Test("the values of this process are found")
  func process() {
    let environment = Environment.current
    #expect(!environment.hostName.isEmpty)
    #expect(environment.processID > 0)
    #expect(environment.kernel?.hasSuffix(")") == true)
    #expect(environment["III_SURELY_NOT_SET"] == nil)
    #expect(environment["PATH"] != nil)
  }

  @Test("namespaces of calls")
  func namespaces() throws {
    #expect(try Namespace.target(functionID: "f", chosen: nil, worker: nil) == nil)
    #expect(try Namespace.target(functionID: "f", chosen: nil, worker: "w") == "w")
    #expect(try Namespace.target(functionID: "engine::x", chosen: nil, worker: "w") == "default")
    #expect(try Namespace.target(functionID: "engine::x", chosen: nil, worker: nil) == nil)
    #expect(try Namespace.target(functionID: "engine::x", chosen: "c", worker: "w") == "c")
    #expect(throws: IIIRegistrationError.self) { try Namespace.target(functionID: "f", chosen: "", worker: nil) }
  }
}
