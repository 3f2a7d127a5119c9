/// The input of the hook `on_function_registration_function_id`.
///
/// A hook allows the registration if it returns an object, such as ``OnFunctionRegistrationResult``. It denies it if it throws or returns
/// anything else. The engine does not tell the worker about a denial.
public struct OnFunctionRegistrationInput: Sendable, Hashable, Codable {
  /// The function's id as the worker sent it, without the session's prefix.
  public var functionID: String
  /// The function's description.
  public var description: String?
  /// The function's metadata.
  public var metadata: JSONValue?
  /// The context that the worker's authentication returned.
  public var context: JSONValue
  /// The function's namespace, from engines since 0.23.
  public var namespace: String?

  /// Creates an input, for tests of a hook.
  public init(
    functionID: String, description: String? = nil, metadata: JSONValue? = nil, context: JSONValue = [:],
    namespace: String? = nil
  ) {
    self.functionID = functionID
    self.description = description
    self.metadata = metadata
    self.context = context
    self.namespace = namespace
  }

  private enum CodingKeys: String, CodingKey {
    case functionID = "function_id"
    case description, metadata, context, namespace
  }
}

/// Allows the registration of a function; members that are not `nil` replace the worker's.
public struct OnFunctionRegistrationResult: Sendable, Hashable, Codable {
  /// A new id. The worker's SDK is not told of it: calls of the function then fail with `function_not_found`.
  public var functionID: String?
  /// A new description.
  public var description: String?
  /// New metadata; `.null` removes the worker's.
  public var metadata: JSONValue?

  /// Creates a result; by default it changes nothing.
  public init(functionID: String? = nil, description: String? = nil, metadata: JSONValue? = nil) {
    self.functionID = functionID
    self.description = description
    self.metadata = metadata
  }

  private enum CodingKeys: String, CodingKey {
    case functionID = "function_id"
    case description, metadata
  }
}

/// The input of the hook `on_trigger_registration_function_id`.
public struct OnTriggerRegistrationInput: Sendable, Hashable, Codable {
  /// The trigger's id.
  public var triggerID: String
  /// The id of the trigger's type.
  public var triggerType: String
  /// The function that the trigger calls, as the worker sent it, without the session's prefix.
  public var functionID: String
  /// The trigger's configuration.
  public var config: JSONValue
  /// The trigger's metadata.
  public var metadata: JSONValue?
  /// The context that the worker's authentication returned.
  public var context: JSONValue
  /// The trigger's namespace, from engines since 0.23.
  public var namespace: String?

  /// Creates an input, for tests of a hook.
  public init(
    triggerID: String, triggerType: String, functionID: String, config: JSONValue = nil, metadata: JSONValue? = nil,
    context: JSONValue = [:], namespace: String? = nil
  ) {
    self.triggerID = triggerID
    self.triggerType = triggerType
    self.functionID = functionID
    self.config = config
    self.metadata = metadata
    self.context = context
    self.namespace = namespace
  }

  private enum CodingKeys: String, CodingKey {
    case triggerID = "trigger_id"
    case triggerType = "trigger_type"
    case functionID = "function_id"
    case config, metadata, context, namespace
  }

  /// Decodes an input; a missing configuration or context is null.
  ///
  /// - Throws: `DecodingError` if an id is missing.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      triggerID: try members.decode(String.self, forKey: .triggerID),
      triggerType: try members.decode(String.self, forKey: .triggerType),
      functionID: try members.decode(String.self, forKey: .functionID),
      config: try members.decodeIfPresent(JSONValue.self, forKey: .config) ?? nil,
      metadata: try members.decodeIfPresent(JSONValue.self, forKey: .metadata),
      context: try members.decodeIfPresent(JSONValue.self, forKey: .context) ?? nil,
      namespace: try members.decodeIfPresent(String.self, forKey: .namespace))
  }
}

/// Allows the registration of a trigger; members that are not `nil` replace the worker's.
public struct OnTriggerRegistrationResult: Sendable, Hashable, Codable {
  /// A new id of the trigger.
  public var triggerID: String?
  /// A new type.
  public var triggerType: String?
  /// A new function.
  public var functionID: String?
  /// A new configuration; `.null` removes the worker's.
  public var config: JSONValue?

  /// Creates a result; by default it changes nothing.
  public init(
    triggerID: String? = nil, triggerType: String? = nil, functionID: String? = nil, config: JSONValue? = nil
  ) {
    self.triggerID = triggerID
    self.triggerType = triggerType
    self.functionID = functionID
    self.config = config
  }

  private enum CodingKeys: String, CodingKey {
    case triggerID = "trigger_id"
    case triggerType = "trigger_type"
    case functionID = "function_id"
    case config
  }
}

/// The input of the hook `on_trigger_type_registration_function_id`.
public struct OnTriggerTypeRegistrationInput: Sendable, Hashable, Codable {
  /// The type's id.
  public var triggerTypeID: String
  /// The type's description.
  public var description: String
  /// The context that the worker's authentication returned.
  public var context: JSONValue

  /// Creates an input, for tests of a hook.
  public init(triggerTypeID: String, description: String, context: JSONValue = [:]) {
    self.triggerTypeID = triggerTypeID
    self.description = description
    self.context = context
  }

  private enum CodingKeys: String, CodingKey {
    case triggerTypeID = "trigger_type_id"
    case description, context
  }
}

/// Allows the registration of a trigger type; members that are not `nil` replace the worker's.
public struct OnTriggerTypeRegistrationResult: Sendable, Hashable, Codable {
  /// A new id of the type.
  public var triggerTypeID: String?
  /// A new description.
  public var description: String?

  /// Creates a result; by default it changes nothing.
  public init(triggerTypeID: String? = nil, description: String? = nil) {
    self.triggerTypeID = triggerTypeID
    self.description = description
  }

  private enum CodingKeys: String, CodingKey {
    case triggerTypeID = "trigger_type_id"
    case description
  }
}
