import Testing

@testable import IIIMockEngine

/// The public way to a configuration, and what no text may do to it.
@Suite struct ConfigurationLoadTests {
  private static let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    .joined(separator: "/")

  @Test func load() throws {
    let (configuration, warnings) = try MockEngine.Configuration.load(file: "\(Self.folder)/Files/full.yaml")
    #expect(configuration.listeners == [.init(host: "127.0.0.1", port: 49201)])
    #expect(configuration.isTracingEnabled)
    #expect(warnings.isEmpty)
  }

  @Test func errorsAreThoseOfTheEngine() throws {
    let error = #expect(throws: MockEngineError.self) {
      try MockEngine.Configuration.load(file: "/nowhere/x.yaml")
    }
    guard case .configuration(let text) = error else { Issue.record("\(String(describing: error))"); return }
    #expect(text.hasPrefix("Config file not found: '/nowhere/x.yaml'."))
  }

  /// Cut, flipped and doubled bytes of a real file: an error or a configuration, never a crash.
  @Test(arguments: 0..<8) func brokenFiles(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    func random(below bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % max(bound, 1)
    }
    let names = ["full", "modules", "bridge", "two-listeners"]
    let name = names[Int(seed) % names.count]
    let original = try ConfigurationText.read("\(Self.folder)/Files/\(name).yaml")
    let spice = Array("${A:}&a *a [{\"'|>-?:#%\n\t\r\u{FEFF}\u{85}ä!!~".utf8)
    for _ in 0..<300 {
      var bytes = original
      for _ in 0...random(below: 4) {
        let place = random(below: bytes.count)
        switch random(below: 4) {
        case 0: bytes[place] = UInt8(random(below: 256))
        case 1: bytes.insert(spice[random(below: spice.count)], at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + random(below: 40)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random(below: 40))], at: place)
        }
        if bytes.isEmpty { break }
      }
      do throws(ConfigurationError) {
        let text = String(decoding: bytes, as: UTF8.self)
        _ = try ConfigurationFile.parse(text: text, path: "x", environment: Variables(["A": "\nb: [\n"]))
      } catch {
        #expect(!error.message.isEmpty)
        #expect(error.kind != .missingFile && error.kind != .unreadableFile)
      }
    }
  }
}
