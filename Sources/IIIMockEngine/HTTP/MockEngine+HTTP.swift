extension MockEngine {
  /// The URL at which triggers of type `http` are served, as `http://127.0.0.1:3111`; `nil` without `iii-http`.
  ///
  /// ```swift
  /// try worker.registerTrigger(HttpTriggerConfig(apiPath: "/greet/:name"), functionID: "hello::greet")
  /// // curl "$(engine.httpURL)/greet/Ada"
  /// ```
  public var httpURL: String? {
    get async { await core.withBuiltIn(HTTPWorker.self) { $0.url } ?? nil }
  }
}

extension MockEngine.Configuration {
  /// The port of triggers of type `http`, on loopback unless a file says otherwise; 0, the default, chooses a free one.
  public var httpPort: Int {
    get { Int(selection.find(HTTPSettings.self)?.port ?? 0) }
    set {
      var settings = selection.find(HTTPSettings.self) ?? HTTPSettings(environment: Variables([:]), isOn: true)
      settings.port = UInt16(clamping: newValue)
      selection.set(settings)
    }
  }
}
