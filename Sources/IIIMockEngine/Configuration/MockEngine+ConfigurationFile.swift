extension MockEngine.Configuration {
  /// Reads the configuration file of a real engine, as far as this one follows it; `${NAME:default}` stands for
  /// variables of the process.
  ///
  /// Listeners, tracing and what is kept of logs and spans come from the file; everything else has its default and can be set on the result.
  ///
  /// ```swift
  /// var (configuration, warnings) = try MockEngine.Configuration.load(file: "config.yaml")
  /// configuration.listeners[0].port = 0
  /// let engine = try await MockEngine.start(configuration)
  /// ```
  ///
  /// - Returns: The configuration, and a line for each thing that the file asks for and that this engine does not have.
  /// - Throws: ``MockEngineError/configuration(_:)``, which names the line and column; also for a file that asks for
  ///   access control, which this engine does not have yet: it does not run open instead.
  public static func load(file path: String) throws -> (configuration: MockEngine.Configuration, warnings: [String]) {
    do {
      let file = try ConfigurationFile.load(path: path)
      return (MockEngine.Configuration(file), file.warnings)
    } catch {
      throw MockEngineError.configuration(error.description)
    }
  }

  /// What a file asks for, with the defaults for all that no file says.
  package init(_ file: ConfigurationFile) {
    self.init()
    listeners = file.listeners.map { Listener(host: $0.host, port: Int($0.port)) }
    isTracingEnabled = file.observability.isEnabled
    observability = file.observability
  }
}
