/// Fires for requests to a route of the engine's HTTP server.
public struct HttpTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `http`.
  public static let triggerType = "http"
  /// A request's method.
  public enum Method: String, Sendable, Codable {
    /// `GET`
    case get = "GET"
    /// `POST`
    case post = "POST"
    /// `PUT`
    case put = "PUT"
    /// `DELETE`
    case delete = "DELETE"
    /// `PATCH`
    case patch = "PATCH"
    /// `HEAD`
    case head = "HEAD"
    /// `OPTIONS`
    case options = "OPTIONS"
  }

  /// The path, such as `/orders/:id`.
  public var apiPath: String
  /// The method; `GET` by default.
  public var httpMethod: Method?
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?
  /// Functions that receive the request before the handler, in this order.
  public var middlewareFunctionIDs: [String]?

  /// Creates a configuration.
  public init(
    apiPath: String, httpMethod: Method? = nil, conditionFunctionID: String? = nil,
    middlewareFunctionIDs: [String]? = nil
  ) {
    self.apiPath = apiPath
    self.httpMethod = httpMethod
    self.conditionFunctionID = conditionFunctionID
    self.middlewareFunctionIDs = middlewareFunctionIDs
  }

  private enum CodingKeys: String, CodingKey {
    case apiPath = "api_path"
    case httpMethod = "http_method"
    case conditionFunctionID = "condition_function_id"
    case middlewareFunctionIDs = "middleware_function_ids"
  }
}
