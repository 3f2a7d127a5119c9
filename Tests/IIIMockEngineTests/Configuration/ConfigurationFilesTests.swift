import Testing

@testable import IIIMockEngine

/// Files of the real engine load as they are, whatever of them is not there yet.
@Suite struct ConfigurationFilesTests {
  @Test(arguments: [
    ("core", [49201], 0, false), ("full", [49201], 0, true), ("modules", [49201], 0, true),
    ("two-listeners", [49201, 49202], 0, false), ("traced", [49201], 0, true), ("bridge", [49201], 0, false),
  ])
  func loads(name: String, ports: [UInt16], warnings: Int, isTraced: Bool) throws {
    let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let file = try ConfigurationFile.load(path: "\(folder)/Files/\(name).yaml", environment: Variables([:]))
    #expect(file.listeners == ports.map { ConfigurationFile.Listener(host: "127.0.0.1", port: $0) })
    #expect(file.warnings.count == warnings)
    #expect(file.observability.isEnabled == isTraced)
  }
}
