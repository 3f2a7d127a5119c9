import Testing

@testable import IIIMockEngine

/// What the entries of `iii-state`, `iii-pubsub` and `iii-cron` may say.
@Suite struct AdapterSettingsTests {
  static func parse(_ entry: String) throws -> ConfigurationFile {
    try ConfigurationFile.parse(
      text: "workers:\n  - " + entry, path: "test.yaml", environment: Variables([:]))
  }

  @Test(
    "the adapters of this engine need no word",
    arguments: [
      "name: iii-state", "{name: iii-state, config: {adapter: {name: kv}}}",
      "{name: state, config: {adapter: {name: kv, config: {store_method: in_memory, save_interval_ms: 50}}}}",
      "{name: iii-pubsub, config: {adapter: {name: local}}}", "{name: cron, config: {adapter: {name: kv}}}",
      "{name: iii-state, config: {adapter: {name: bridge}}}",
    ])
  func known(entry: String) throws {
    #expect(try Self.parse(entry).warnings.isEmpty)
  }

  @Test(
    "adapters of the real engine that are not here give a warning with their line",
    arguments: [
      ("{name: iii-state, config: {adapter: {name: redis}}}", "adapter 'redis' of worker 'iii-state'"),
      ("{name: iii-stream, config: {adapter: {name: redis}}}", "adapter 'redis' of worker 'iii-stream'"),
      ("{name: iii-pubsub, config: {adapter: {name: redis}}}", "adapter 'redis' of worker 'iii-pubsub'"),
      ("{name: iii-cron, config: {adapter: {name: redis}}}", "adapter 'redis' of worker 'iii-cron'"),
      ("{name: iii-state, config: {adapter: {name: kv, config: {store_method: nope}}}}", "store_method 'nope'"),
      ("{name: iii-state, config: {adapter: {name: kv, config: {other: 1}}}}", "no setting `other`"),
    ])
  func foreign(entry: String, text: String) throws {
    let warnings = try Self.parse(entry).warnings
    #expect(warnings.count == 1 && warnings[0].contains(text) && warnings[0].contains("line 2"))
  }

  @Test(
    "entries that are wrong are refused with the real engine's words",
    arguments: [
      ("{name: iii-state, config: {prot: 1}}", "unknown field `prot`"),
      (
        "{name: iii-state, config: {adapter: {name: kv, extra: 1}}}",
        "unknown field `extra`, expected `name` or `config`"
      ),
      ("{name: iii-state, config: {adapter: {config: {}}}}", "missing field `name`"),
      (
        "{name: iii-state, config: {adapter: {name: nope}}}",
        #"Adapter factory 'nope' not found. Available: ["kv", "bridge", "redis"]"#
      ),
      ("{name: iii-state, config: {adapter: kv}}", "expected struct AdapterEntry"),
      ("{name: iii-cron, config: {adapter: {name: 5}}}", "expected a string"),
      (
        "{name: iii-state, config: {adapter: {name: kv, config: {save_interval_ms: soon}}}}",
        "save_interval_ms: invalid type: string \"soon\", expected u64"
      ),
    ])
  func refused(entry: String, reason: String) {
    let error = #expect(throws: ConfigurationError.self) { try Self.parse(entry) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }
}
