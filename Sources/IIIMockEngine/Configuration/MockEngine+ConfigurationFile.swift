extension MockEngine.Configuration {
  /// Reads the configuration file of a real engine, as far as this one follows it; `${NAME:default}` stands for
  /// variables of the process.
  ///
  /// Listeners, tracing, and the built-in workers with their settings come from the file: without an entry a worker is off.
  /// Everything else has its default and can be set on the result.
  ///
  /// ```swift
  /// var (configuration, warnings) = try MockEngine.Configuration.load(file: "config.yaml")
  /// configuration.listeners[0].port = 0
  /// let engine = try await MockEngine.start(configuration)
  /// ```
  ///
  /// - Returns: The configuration, and a line for each thing that the file asks for and that this engine does not have.
  /// - Throws: ``MockEngineError/configuration(_:)``, which names the line and column.
  public static func load(file path: String) throws -> (configuration: MockEngine.Configuration, warnings: [String]) {
    do {
      let file = try ConfigurationFile.load(path: path)
      return (MockEngine.Configuration(file), file.warnings)
    } catch {
      throw MockEngineError.configuration(error.description)
    }
  }

  /// The settings of a file, and defaults for those that a file does not have.
  package init(_ file: ConfigurationFile) {
    self.init()
    take(file)
  }

  /// Takes the settings that a file can have; the others stay.
  mutating func take(_ file: ConfigurationFile) {
    listeners = file.listeners.map {
      Listener(
        host: $0.host, port: Int($0.port), access: $0.access, middlewareFunctionID: $0.middlewareFunctionID)
    }
    allowedOrigins = file.allowedOrigins
    allowedHosts = file.allowedHosts
    isTracingEnabled = file.observability.isEnabled
    selection = file.builtIns
    let names = BuiltInCatalog.all.filter { $0.presence != .always }.map { MockEngine.BuiltIn(name: $0.workerName) }
    builtIns = Set(names.filter { file.builtIns.find(named: $0.name)?.isOn ?? false })
  }
}
