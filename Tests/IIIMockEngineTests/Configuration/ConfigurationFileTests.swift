import Testing

@testable import IIIMockEngine

@Suite struct ConfigurationFileTests {
  private func parse(_ text: String, _ variables: [String: String] = [:]) throws(ConfigurationError)
    -> ConfigurationFile
  {
    try ConfigurationFile.parse(text: text, path: "x.yaml", environment: Variables(variables))
  }

  private func manager(_ config: String) -> String { "workers:\n  - name: iii-worker-manager\n    config: \(config)\n" }
  private func observability(_ config: String) -> String {
    "workers:\n  - name: iii-observability\n    config: \(config)\n"
  }

  @Test(arguments: [
    "", "{}", "# nothing", "---", "workers:", "modules:", "workers: []", "modules: []\nworkers: []",
    "registration_namespace_grace_ms: 5000", "workers:\n  - name: iii-telemetry\n    config: {enabled: false}",
    "workers:\n  - name: iii-engine-functions",
  ])
  func filesThatAskForNothing(text: String) throws {
    let file = try parse(text)
    #expect(file.listeners == [.init(host: "127.0.0.1", port: 49134)])
    #expect(!file.observability.isEnabled)
    #expect(file.warnings.isEmpty)
  }

  @Test func listeners() throws {
    #expect(try parse("workers:\n  - name: iii-worker-manager").listeners == [.init(host: "0.0.0.0", port: 49134)])
    #expect(try parse(manager("")).listeners == [.init(host: "0.0.0.0", port: 49134)])
    #expect(try parse(manager("{port: 5}")).listeners == [.init(host: "0.0.0.0", port: 5)])
    #expect(try parse(manager("{host: 127.0.0.1}")).listeners == [.init(host: "127.0.0.1", port: 49134)])
    #expect(try parse(manager("{host: \"::1\", port: 0}")).listeners == [.init(host: "::1", port: 0)])
    #expect(try parse(manager("{handshake_timeout_ms: 10000}")).listeners.count == 1)
    let two = """
      modules:
        - name: iii-worker-manager
          config: {host: 127.0.0.1, port: 2}
      workers:
        - name: iii-worker-manager
          unknown_key_of_an_entry: ignored
          config: {host: 127.0.0.1, port: 1}
      """
    #expect(try parse(two).listeners.map(\.port) == [1, 2])
    #expect(
      try parse("workers: [{name: worker-manager, config: {port: 7}}]").listeners == [.init(host: "0.0.0.0", port: 7)])
  }

  @Test func portFromTheEnvironment() throws {
    let text = manager("{port: ${P:4000}}")
    #expect(try parse(text).listeners[0].port == 4000)
    #expect(try parse(text, ["P": "5000"]).listeners[0].port == 5000)
    let empty = #expect(throws: ConfigurationError.self) { try parse(text, ["P": ""]) }
    #expect(empty?.message.hasSuffix("port: invalid type: unit value, expected u16") == true)
  }

  /// What a variable holds may be a secret: messages name the variable.
  @Test func valuesOfVariablesStayOutOfErrors() throws {
    for text in [manager("{port: ${KEY}}"), manager("{port: a${KEY}}"), manager("{port: \"${KEY}\"}")] {
      let error = #expect(throws: ConfigurationError.self) { try parse(text, ["KEY": "hunter2"]) }
      #expect(error?.description.contains("hunter2") == false)
      #expect(error?.message.contains("string (the value of ${KEY})") == true)
    }
    let number = #expect(throws: ConfigurationError.self) { try parse(manager("{port: ${KEY}}"), ["KEY": "123456"]) }
    #expect(number?.description.contains("123456") == false)
    let shown = #expect(throws: ConfigurationError.self) { try parse(manager("{port: ${KEY:abc}}")) }
    #expect(shown?.message.contains("string \"abc\"") == true)
  }

  static let prefix = "failed to create worker 'iii-worker-manager': Failed to create iii-worker-manager: "
  static let keys =
    "expected one of `port`, `host`, `middleware_function_id`, `rbac`, `handshake_timeout_ms`, `allowed_origins`"

  @Test(arguments: [
    (
      "{prot: 1}", 14, "unknown field `prot`, " + keys
    ),
    (
      "{<<: {port: 1}}", 14,
      "unknown field `<<`, " + keys
    ),
    ("{port: \"3111\"}", 20, "port: invalid type: string \"3111\", expected u16"),
    ("{port: 70000}", 20, "port: invalid value: integer `70000`, expected u16"),
    ("{port: -1}", 20, "port: invalid value: integer `-1`, expected u16"),
    ("{port: 1.5}", 20, "port: invalid type: floating point `1.5`, expected u16"),
    ("{port: true}", 20, "port: invalid type: boolean `true`, expected u16"),
    ("{port: [1]}", 20, "port: invalid type: sequence, expected u16"),
    ("{host: 1}", 20, "host: invalid type: integer `1`, expected a host name or an address"),
    ("{host: \"\"}", 20, "host: invalid type: string \"\", expected a host name or an address"),
    ("{handshake_timeout_ms: soon}", 36, "handshake_timeout_ms: invalid type: string \"soon\", expected u64"),
    ("{allowed_origins: x}", 31, "allowed_origins: invalid type: string \"x\", expected a sequence of origins"),
    (
      "{allowed_origins: [a, 1]}", 35,
      "allowed_origins: invalid type: integer `1`, expected an origin, as https://app.example"
    ),
    ("5", 13, "invalid type: integer `5`, expected a map"),
    ("[a]", 13, "invalid type: sequence, expected a map"),
    ("{rbac: 5}", 20, "rbac: invalid type: integer `5`, expected struct RbacConfig"),
    ("{middleware_function_id: [f]}", 38, "middleware_function_id: invalid type: sequence, expected a string"),
    ("{rbac: {expose_functions: [x]}}", 40, "expected match(\"pattern\"), got: x"),
  ])
  func rejectedManagers(config: String, column: Int, reason: String) {
    let error = #expect(throws: ConfigurationError.self) { try parse(manager(config)) }
    #expect(error?.kind == .rejected)
    #expect(error?.message == Self.prefix + reason)
    #expect(error?.position == SourcePosition(line: 3, column: column))
    #expect(error?.description.contains("at line 3 column \(column) of 'x.yaml'") == true)
  }

  @Test("every listener has the rules and the middleware of its entry")
  func rulesOfListeners() throws {
    let file = try parse(
      """
      workers:
        - name: iii-worker-manager
          config: {port: 1, rbac: null, middleware_function_id: null}
        - name: iii-worker-manager
          config:
            port: 2
            middleware_function_id: gate::audit
            rbac:
              auth_function_id: gate::auth
              expose_function: [x]
              expose_functions: ['match("public::*")']
      """)
    #expect(
      file.listeners.map(\.access) == [
        nil, AccessRules(authFunctionID: "gate::auth", exposeFunctions: [.matching("public::*")]),
      ])
    #expect(file.listeners.map(\.middlewareFunctionID) == [nil, "gate::audit"])
    #expect(
      file.warnings == ["unknown key `expose_function` of `rbac`; line 10: ignored (did you mean `expose_functions`?)"])
    let configuration = MockEngine.Configuration(file)
    #expect(configuration.listeners.map(\.access?.authFunctionID) == [nil, "gate::auth"])
    #expect(configuration.listeners.map(\.middlewareFunctionID) == [nil, "gate::audit"])
  }

  /// Where access control is asked for in a place or under a name that nobody reads, the engine does not start either.
  @Test(arguments: [
    "workers:\n  - name: iii-worker-manager\n    rbac: {}\n",
    "workers:\n  - name: iii-worker-manger\n    config: {rbac: {}}\n",
    "x: &x {rbac: {}}\n",
    "modules:\n  - name: iii-worker-manager\n    middleware_function_id: f\n",
    "workers:\n  - name: iii-observability\n    config: {rbac: {}}\n",
    "workers:\n  - name: iii-worker-manager\n    config: {port: 1}\n  - name: iii-state\n    config: {rbac: {}}\n",
    "rbac: {}\n",
  ])
  func neverOpenByMistake(text: String) {
    #expect(throws: ConfigurationError.self) { try parse(text) }
  }

  @Test(arguments: [
    ("workers: 5", 1, 10, "workers: invalid type: integer `5`, expected a sequence"),
    ("modules: {a: b}", 1, 10, "modules: invalid type: map, expected a sequence"),
    ("- a", 1, 1, "invalid type: sequence, expected struct EngineConfig"),
    ("text", 1, 1, "invalid type: string \"text\", expected struct EngineConfig"),
    ("workers: []\nworkers: []", 2, 1, "duplicate field `workers`"),
    ("workers: []\n\nextra: 1", 3, 1, "unknown field `extra`, expected `modules` or `workers`"),
    ("workers:\n  - name: a\n  - config: {}\n", 3, 5, "workers[1]: missing field `name`"),
    ("modules: [{}]\n", 1, 11, "modules[0]: missing field `name`"),
    ("workers: [a]", 1, 11, "workers[0]: invalid type: string \"a\", expected struct WorkerEntry"),
    ("workers: [{name: 5}]", 1, 18, "workers[0].name: invalid type: integer `5`, expected a string"),
    ("workers: [{name: }]", 1, 18, "workers[0].name: invalid type: unit value, expected a string"),
    (
      "registration_namespace_grace_ms: x", 1, 34,
      "registration_namespace_grace_ms: invalid type: string \"x\", expected u64"
    ),
  ])
  func malformedFiles(text: String, line: Int, column: Int, reason: String) {
    let error = #expect(throws: ConfigurationError.self) { try parse(text) }
    #expect(error?.kind == .malformed)
    #expect(error?.message == "Failed to parse config file 'x.yaml': " + reason)
    #expect(error?.position == SourcePosition(line: line, column: column))
    #expect(error?.description.contains("\(reason) at line \(line) column \(column)") == true)
  }

  @Test func workersThatAreNotHereGiveOneWarningEach() throws {
    let file = try parse(
      """
      workers:
        - name: iii-exec
          config: {port: 3111, middleware: [f]}
        - name: iii-htpp
        - name: my-worker
          image: ghcr.io/me/mine
      modules:
        - name: iii-worker-ops
      """)
    #expect(
      file.warnings == [
        "worker 'iii-exec' is not part of this engine; line 2: ignored. Start its commands yourself, or with "
          + "`iii-dev exec -- COMMAND`",
        "worker 'iii-htpp' is not part of this engine; line 4: ignored (did you mean 'iii-http'?)",
        "worker 'my-worker' is not part of this engine; line 5: ignored",
        "worker 'iii-worker-ops' is not part of this engine; line 8: ignored",
      ])
  }

  @Test func imagesOfBuiltInWorkers() throws {
    for name in ["iii-http", "http", "iii-worker-manager", "iii-telemetry"] {
      let error = #expect(throws: ConfigurationError.self) {
        try parse("workers:\n  - name: \(name)\n    image: x\n")
      }
      #expect(
        error?.message
          == "failed to create worker '\(name)': Failed to create \(name): Worker '\(name)' is a built-in worker and cannot "
          + "have an 'image' field. Remove 'image' or use a different name.")
      #expect(error?.position == SourcePosition(line: 3, column: 5))
    }
    #expect(try parse("workers: [{name: iii-exec, image: }]").warnings.count == 1)
  }

  @Test func bothFormsOfAName() {
    let error = #expect(throws: ConfigurationError.self) {
      try parse("workers:\n  - name: iii-http\n  - name: http\n")
    }
    #expect(error?.message.hasPrefix("Duplicate worker configurations: 'iii-http' in line 2 and 'http'") == true)
    #expect(error?.position == SourcePosition(line: 3, column: 11))
  }

  @Test func twoListenersAtOneAddress() throws {
    let text = "workers:\n  - name: iii-worker-manager\n  - name: iii-worker-manager\n"
    let error = #expect(throws: ConfigurationError.self) { try parse(text) }
    #expect(error?.message.contains("address 0.0.0.0:49134 is already in use by the entry in line 2") == true)
    let anyPort =
      "workers:\n  - {name: iii-worker-manager, config: {port: 0}}\n  - {name: iii-worker-manager, config: {port: 0}}\n"
    #expect(try parse(anyPort).listeners.count == 2)
  }

  @Test(arguments: [
    ("", [:], true), ("{}", [:], true), ("{enabled: }", [:], true), ("{enabled: true}", [:], true),
    ("{enabled: false}", [:], false), ("{enabled: false}", ["OTEL_ENABLED": "true"], false),
    ("{}", ["OTEL_ENABLED": "false"], false), ("{}", ["OTEL_ENABLED": "1"], true),
  ])
  func tracing(config: String, variables: [String: String], isEnabled: Bool) throws {
    #expect(try parse(observability(config), variables).observability.isEnabled == isEnabled)
  }

  @Test(arguments: [("true", true), ("1", true), ("TRUE", true), ("0", false), ("false", false), ("", false)])
  func tracingByTheEnvironmentAlone(value: String, isEnabled: Bool) throws {
    #expect(try parse("", ["OTEL_ENABLED": value]).observability.isEnabled == isEnabled)
  }

  @Test func allKeysOfObservability() throws {
    let file = try parse(
      observability(
        """

              enabled: true
              service_name: iii
              service_version: "1"
              service_namespace: x
              exporter: memory
              endpoint: http://localhost:4317
              sampling_ratio: 1.0
              sampling: {default: 1, rules: [{operation: a, service: b, rate: 1}], parent_based: true, rate_limit: {max_traces_per_second: 5}}
              memory_max_spans: 1000
              metrics_enabled: true
              metrics_exporter: memory
              metrics_retention_seconds: 5
              metrics_max_count: 5
              logs_enabled: true
              logs_exporter: memory
              logs_max_count: 1000
              logs_retention_seconds: 5
              logs_batch_size: 100
              logs_flush_interval_ms: 5000
              logs_sampling_ratio: 1
              logs_console_output: true
              alerts: []
              level: debug
              format: json
        """))
    #expect(file.warnings.isEmpty)
    #expect(file.observability.isEnabled)
    #expect(file.observability.filter == LogFilter(level: .debug))
    #expect(file.observability.format == .json)
    #expect(file.observability.metricsRetentionSeconds == 5 && file.observability.metricsMaxCount == 5)
    #expect(file.observability.logsRetentionSeconds == 5)
  }

  @Test func whatObservabilityKeeps() throws {
    let settings = try parse(
      observability(
        """
        {service_name: mine, exporter: both, sampling_ratio: 0.5, memory_max_spans: 7, metrics_enabled: false,
              logs_enabled: false, logs_max_count: 8, logs_sampling_ratio: 0, logs_console_output: false}
        """)
    ).observability
    #expect(settings.serviceName == "mine" && settings.exporter == .both && settings.samplingRatio == 0.5)
    #expect(settings.memoryMaxSpans == 7 && !settings.metricsEnabled && !settings.logsEnabled)
    #expect(settings.logsMaxCount == 8 && settings.logsSamplingRatio == 0 && !settings.logsConsoleOutput)
    #expect(settings.keepsSpans && !settings.keepsMetrics && !settings.keepsLogs)
    #expect(try !parse(observability("{exporter: otlp}")).observability.keepsSpans)
    #expect(try parse(observability("")).observability == ObservabilitySettings(isEnabled: true))
    #expect(try parse("").observability == ObservabilitySettings(isEnabled: false))
  }

  @Test func whatTheEnvironmentSaysOfObservability() throws {
    let variables = [
      "OTEL_SERVICE_NAME": "mine", "OTEL_EXPORTER_TYPE": "OTLP", "OTEL_TRACES_SAMPLER_ARG": "0.25",
      "OTEL_MEMORY_MAX_SPANS": "3", "OTEL_METRICS_ENABLED": "false", "OTEL_METRICS_MAX_COUNT": "4",
      "OTEL_METRICS_RETENTION_SECONDS": "5", "OTEL_LOGS_ENABLED": "0", "OTEL_LOGS_MAX_COUNT": "6",
      "OTEL_LOGS_RETENTION_SECONDS": "7", "OTEL_LOGS_SAMPLING_RATIO": "0.75", "OTEL_LOGS_CONSOLE_OUTPUT": "false",
    ]
    let settings = try parse(observability("{logs_max_count: 60}"), variables).observability
    #expect(settings.serviceName == "mine" && settings.exporter == .otlp && settings.samplingRatio == 0.25)
    #expect(settings.memoryMaxSpans == 3 && !settings.metricsEnabled && settings.metricsMaxCount == 4)
    #expect(settings.metricsRetentionSeconds == 5 && !settings.logsEnabled && settings.logsRetentionSeconds == 7)
    #expect(settings.logsSamplingRatio == 0.75 && !settings.logsConsoleOutput)
    // The file goes before the environment, and what is no number counts as not set.
    #expect(settings.logsMaxCount == 60)
    let odd = try parse(observability("{}"), ["OTEL_MEMORY_MAX_SPANS": "-1", "OTEL_EXPORTER_TYPE": "x"]).observability
    #expect(odd == ObservabilitySettings(isEnabled: true))
  }

  @Test(arguments: [
    ("{enabled: \"true\"}", 23, "enabled: invalid type: string \"true\", expected a boolean"),
    ("{enabled: yes}", 23, "enabled: invalid type: string \"yes\", expected a boolean"),
    ("{level: 5}", 21, "level: invalid type: integer `5`, expected a string"),
    ("{memory_max_spans: -1}", 32, "memory_max_spans: invalid type: integer `-1`, expected u64"),
    (
      "{exporter: file}", 24,
      "exporter: unknown variant: string \"file\", expected one of `memory`, `otlp`, `both`"
    ),
    ("{sampling: 5}", 24, "sampling: invalid type: integer `5`, expected a map"),
    ("{level: info, log_level: info}", 27, "duplicate field `level`"),
    ("7", 13, "invalid type: integer `7`, expected a map"),
  ])
  func rejectedObservability(config: String, column: Int, reason: String) {
    let error = #expect(throws: ConfigurationError.self) { try parse(observability(config)) }
    #expect(
      error?.message == "failed to create worker 'iii-observability': Failed to create iii-observability: \(reason)")
    #expect(error?.position == SourcePosition(line: 3, column: column))
  }

  @Test func unknownKeyOfObservability() {
    let error = #expect(throws: ConfigurationError.self) { try parse(observability("{enable: true}")) }
    #expect(error?.message.contains("unknown field `enable`, expected one of `enabled`, `service_name`,") == true)
    #expect(error?.hint == "did you mean `enabled`?")
  }

  @Test func levelsAndFormatsThatNobodyKnows() throws {
    let file = try parse(observability("{level: \"loud,warn\", format: xml}"))
    #expect(file.observability.filter == LogFilter(level: .warn))
    #expect(
      file.warnings == [
        "string \"loud,warn\" is no log level (trace, debug, info, warn, error, off); line 3: what is unknown is ignored",
        "log format string \"xml\" is neither 'default' nor 'json'; line 3: 'default' is used",
      ])
  }

  @Test func secondObservabilityEntry() throws {
    let file = try parse(
      "workers:\n  - {name: iii-observability, config: {enabled: false}}\n  - name: iii-observability")
    #expect(!file.observability.isEnabled)
    #expect(file.warnings == ["worker 'iii-observability' has an entry in line 2 already; line 3: ignored"])
  }

  @Test(arguments: [
    ("debug", EngineLogLevel.debug), ("WARN", .warn), ("off", .off), ("iii=debug,info", .debug),
    ("info,iii=error", .error),
    ("other=trace", .info), ("other=trace,warn", .warn), ("iii", .trace), ("[span]=trace,error", .error), ("", .info),
    (" debug , ", .debug), ("info,debug", .debug), ("iii::engine=trace", .info),
  ])
  func filters(text: String, level: EngineLogLevel) {
    #expect(LogFilter(parsing: text) == LogFilter(level: level))
  }

  @Test func filesThatCannotBeRead() {
    let missing = #expect(throws: ConfigurationError.self) { try ConfigurationFile.load(path: "/nowhere/x.yaml") }
    #expect(missing?.kind == .missingFile)
    #expect(missing?.description.hasPrefix("Config file not found: '/nowhere/x.yaml'.\nHint: ") == true)
    let folder = #expect(throws: ConfigurationError.self) { try ConfigurationFile.load(path: "/") }
    #expect(folder?.message == "Failed to read config file '/': illegal operation on a directory")
    let endless = #expect(throws: ConfigurationError.self) { try ConfigurationFile.load(path: "/dev/zero") }
    #expect(endless?.kind == .unreadableFile)
  }
}
