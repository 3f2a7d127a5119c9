import IIIMockEngine
import Testing

@testable import iii_dev

@Suite struct OptionsTests {
  @Test func defaultsOfTheEngine() throws {
    let file = try ServeOptions([]).configuration(environment: Variables([:]))
    #expect(file.listeners == [.init(host: "127.0.0.1", port: 49134)])
    #expect(file.warnings.isEmpty)
    #expect(file.observability.isEnabled)
  }

  @Test func optionsOfTheEngine() throws {
    let options = try ServeOptions(["--port", "0", "--host=0.0.0.0", "--strict", "--quiet"])
    let file = try options.configuration(environment: Variables([:]))
    #expect(file.listeners == [.init(host: "0.0.0.0", port: 0)])
    #expect(options.isStrict)
    #expect(options.isQuiet)
    #expect(try ServeOptions(["-c", "x"]).configPath == "x")
    #expect(try ServeOptions(["-v"]).wantsVersion)
    #expect(try ServeOptions(["-h"]).wantsHelp)
  }

  @Test("origins and hosts may be given several times") func repeatedOptions() throws {
    let options = try ServeOptions([
      "--allow-origin", "https://a", "--allow-host=h.example", "--allow-origin", "https://b",
    ])
    let file = try options.configuration(environment: Variables([:]))
    #expect(file.allowedOrigins == ["https://a", "https://b"])
    #expect(file.allowedHosts == ["h.example"])
    let error = #expect(throws: UsageError.self) { try ServeOptions(["--host", "a", "--host", "b"]) }
    #expect(error?.message == "option '--host' is given twice")
  }

  @Test(arguments: [
    (["--port", "65536"], "option '--port': '65536' is not a port number (0 to 65535; 0 chooses a free one)"),
    (["--port", "-1"], "option '--port': '-1' is not a port number (0 to 65535; 0 chooses a free one)"),
    (["--port", "+1"], "option '--port': '+1' is not a port number (0 to 65535; 0 chooses a free one)"),
    (["--port", ""], "option '--port': '' is not a port number (0 to 65535; 0 chooses a free one)"),
    (["--strict", "demo"], "'demo' must be the first argument; its options follow it"),
    (["--strict", "x"], "unexpected argument 'x'"),
  ])
  func wrongForTheEngine(arguments: [String], message: String) {
    let error = #expect(throws: UsageError.self) { try ServeOptions(arguments) }
    #expect(error?.message == message)
  }

  @Test func optionsOfTrigger() throws {
    let none = try TriggerOptions(["f"], environment: Variables([:]))
    #expect(none.url == "ws://localhost:49134")
    #expect(none.timeoutMilliseconds == 30_000)
    #expect(!none.waits && !none.isVerbose)
    #expect(try TriggerOptions(["f", "--wait"]).waits)
    #expect(try TriggerOptions(["f", "--verbose"]).isVerbose)
    let all = try TriggerOptions([
      "f", "a=1", "--port=5", "b=--x", "--address", "::1", "--timeout-ms", "300", "--json", "-5", "-n", "ns",
    ])
    #expect(all.functionID == "f")
    #expect(all.pairs == ["a=1", "b=--x"])
    #expect(all.url == "ws://[::1]:5")
    #expect(all.timeoutMilliseconds == 300)
    #expect(all.json == "-5")
    #expect(all.namespace == "ns")
  }

  @Test(arguments: [
    (["f", "--port", "0"], "option '--port': '0' is not a port number (1 to 65535)"),
    (["f", "--timeout-ms", "0"], "option '--timeout-ms': '0' is not a number of milliseconds (1 to 86400000)"),
    (["f", "--timeout-ms", "soon"], "option '--timeout-ms': 'soon' is not a number of milliseconds (1 to 86400000)"),
    (["--function-id", "f"], "unknown option '--function-id'"),
    ([], "missing FUNCTION: iii-dev trigger FUNCTION [KEY=VALUE …]"),
    (["f", "--address", "h:x"], "option '--address': 'x' is not a port number (1 to 65535)"),
    (["f", "--address", "h:1", "--port", "2"], "the port is given twice: in '--address' and by '--port'"),
    (
      ["f", "--address", "ws://h:1", "--port", "2"],
      "option '--port' cannot be combined with a URL: write the port into '--address'"
    ),
    (
      ["f", "--address", "http://h"],
      "option '--address', 'http://h': the URL has the scheme 'http': it must begin with ws:// or wss://"
    ),
    (["f", "--payload", "{}"], "unknown option '--payload'"),
  ])
  func wrongForTrigger(arguments: [String], message: String) {
    let error = #expect(throws: UsageError.self) { try TriggerOptions(arguments) }
    #expect(error?.message == message)
  }

  @Test(
    "the engine's address comes from the options, else from III_URL",
    arguments: [
      ([], nil, "ws://localhost:49134"), ([], "ws://h:5/p", "ws://h:5/p"), ([], " ", "ws://localhost:49134"),
      (["--port", "7"], "ws://h:5", "ws://localhost:7"), (["--address", "a"], "ws://h:5", "ws://a:49134"),
      (["--address", "a:7"], nil, "ws://a:7"), (["--address", "ws://a:7/x?y=1"], nil, "ws://a:7/x?y=1"),
      (["--address", "wss://a"], nil, "wss://a"), (["--address", "[::1]:7"], nil, "ws://[::1]:7"),
      (["--address", "::1"], nil, "ws://[::1]:49134"), (["--address", "[::1]", "--port", "3"], nil, "ws://[::1]:3"),
    ] as [([String], String?, String)])
  func addresses(arguments: [String], variable: String?, url: String) throws {
    let environment = Variables(variable.map { ["III_URL": $0] } ?? [:])
    #expect(try TriggerOptions(["f"] + arguments, environment: environment).url == url)
  }

  @Test func optionsOfDemo() throws {
    #expect(try DemoOptions([]).port == 49134)
    #expect(try DemoOptions(["--port", "0"]).port == 0)
    #expect(throws: UsageError.self) { try DemoOptions(["x"]) }
  }

  @Test func helpNamesEveryOption() {
    for (text, options) in [
      (Help.main, ServeOptions.definitions), (Help.text(of: .trigger), TriggerOptions.definitions),
      (Help.text(of: .demo), DemoOptions.definitions),
    ] {
      for option in options { #expect(text.contains(option.synopsis)) }
      #expect(text.hasSuffix("\n"))
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
  }
}
