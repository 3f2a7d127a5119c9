/// The contents of a configuration file.
package struct ConfigurationFile: Sendable {
  /// An address to listen at.
  package struct Listener: Sendable, Hashable {
    package var host: String
    package var port: UInt16
    package var access: AccessRules?
    package var middlewareFunctionID: String?

    package init(host: String = "127.0.0.1", port: UInt16 = 49134) {
      self.host = host
      self.port = port
    }
  }

  /// In the order of the file; never empty.
  package var listeners: [Listener]
  /// The settings of the built-in workers that have an entry.
  var builtIns = BuiltInSelection()
  /// The entries of the file, for comparing it with a later version.
  var entries: [ConfigurationEntry] = []
  /// Whether the file has no entries.
  package var isEmpty: Bool { entries.isEmpty }
  /// A line for each setting of the file that this engine does not support.
  package var warnings: [String] = []
  /// Origins of web pages that may connect.
  package var allowedOrigins: [String] = []
  /// Names of this machine in URLs.
  package var allowedHosts: [String] = []

  /// The configuration without a file: a listener on loopback (the real engine listens at all addresses), and all
  /// built-in workers on.
  package init(environment: Variables) {
    listeners = [Listener()]
    for kind in BuiltInCatalog.all where kind.presence != .listed {
      builtIns.set(kind.init(environment: environment, isOn: true))
    }
    httpPort = HTTPSettings.defaultPort
    streamPort = StreamSettings.defaultPort
  }

  /// The port of HTTP triggers; `nil` without `iii-http`. 0 chooses a free one.
  package var httpPort: UInt16? {
    get { builtIns.find(HTTPSettings.self)?.port }
    set {
      guard let newValue else { return }
      var settings = builtIns.find(HTTPSettings.self) ?? HTTPSettings(environment: Variables([:]), isOn: true)
      settings.port = newValue
      builtIns.set(settings)
    }
  }

  /// The port of stream sockets; `nil` without `iii-stream`. 0 chooses a free one.
  package var streamPort: UInt16? {
    get { builtIns.find(StreamSettings.self)?.port }
    set {
      guard let newValue else { return }
      var settings = builtIns.find(StreamSettings.self) ?? StreamSettings(environment: Variables([:]), isOn: true)
      settings.port = newValue
      builtIns.set(settings)
    }
  }

  package var observability: ObservabilitySettings {
    get { builtIns.find(ObservabilitySettings.self) ?? ObservabilitySettings(isEnabled: false) }
    set { builtIns.set(newValue) }
  }

  /// The file as it is in force, if some of its entries could not be applied: those are as they were in `old`.
  package func keeping(_ names: [String], of old: ConfigurationFile) -> ConfigurationFile {
    var file = self
    // Listeners are applied together.
    let areListeners = names.contains { ConfigurationEntry.isListener($0) }
    let isKept: (ConfigurationEntry) -> Bool = {
      names.contains($0.name) || areListeners && ConfigurationEntry.isListener($0.name)
    }
    file.entries.removeAll(where: isKept)
    file.entries += old.entries.filter(isKept)
    return file
  }

  /// Reads a file. Throws `ConfigurationError`, which says what is wrong and where.
  package static func load(path: String, environment: Variables = .process) throws(ConfigurationError)
    -> ConfigurationFile
  {
    try parse(bytes: try ConfigurationText.read(path), path: path, environment: environment)
  }

  /// Reads a text as if it were the file `path`.
  package static func parse(text: String, path: String, environment: Variables) throws(ConfigurationError)
    -> ConfigurationFile
  {
    try parse(bytes: Array(text.utf8), path: path, environment: environment)
  }

  private static func parse(bytes: [UInt8], path: String, environment: Variables) throws(ConfigurationError)
    -> ConfigurationFile
  {
    do {
      var reader = ConfigurationReader(environment: environment)
      let text = try Interpolation(try ConfigurationText.validated(bytes), environment: environment)
      return try reader.read(try YAMLComposer.root(of: text))
    } catch {
      throw ConfigurationError(error, path: path)
    }
  }
}
