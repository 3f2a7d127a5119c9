/// What the hook `on_function_registration_function_id` is called with.
///
/// A hook that returns an object, as ``OnFunctionRegistrationResult`` is, allows the registration. One that throws, or
/// returns anything else, denies it. The engine tells the worker nothing about a denial.
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

  /// An input of these members, for tests of a hook.
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

/// Allows the registration of a function; members that are not nil replace those of the worker.
public struct OnFunctionRegistrationResult: Sendable, Hashable, Codable {
  /// Another id. The worker's SDK does not know it: calls of the function then fail with `function_not_found`.
  public var functionID: String?
  /// Another description.
  public var description: String?
  /// Other metadata; `.null` removes the worker's.
  public var metadata: JSONValue?

  /// A result that changes nothing, unless told otherwise.
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

/// What the hook `on_trigger_registration_function_id` is called with.
public struct OnTriggerRegistrationInput: Sendable, Hashable, Codable {
  /// The trigger's id.
  public var triggerID: String
  /// The id of its type.
  public var triggerType: String
  /// The function that it calls, as the worker sent it, without the session's prefix.
  public var functionID: String
  /// The trigger's configuration.
  public var config: JSONValue
  /// The trigger's metadata.
  public var metadata: JSONValue?
  /// The context that the worker's authentication returned.
  public var context: JSONValue
  /// The trigger's namespace, from engines since 0.23.
  public var namespace: String?

  /// An input of these members, for tests of a hook.
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

  /// Decodes an input; a configuration or a context that is left out is null.
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

/// Allows the registration of a trigger; members that are not nil replace those of the worker.
public struct OnTriggerRegistrationResult: Sendable, Hashable, Codable {
  /// Another id of the trigger.
  public var triggerID: String?
  /// Another type.
  public var triggerType: String?
  /// Another function.
  public var functionID: String?
  /// Another configuration; `.null` removes the worker's.
  public var config: JSONValue?

  /// A result that changes nothing, unless told otherwise.
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

/// What the hook `on_trigger_type_registration_function_id` is called with.
public struct OnTriggerTypeRegistrationInput: Sendable, Hashable, Codable {
  /// The type's id.
  public var triggerTypeID: String
  /// The type's description.
  public var description: String
  /// The context that the worker's authentication returned.
  public var context: JSONValue

  /// An input of these members, for tests of a hook.
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

/// Allows the registration of a trigger type; members that are not nil replace those of the worker.
public struct OnTriggerTypeRegistrationResult: Sendable, Hashable, Codable {
  /// Another id of the type.
  public var triggerTypeID: String?
  /// Another description.
  public var description: String?

  /// A result that changes nothing, unless told otherwise.
  public init(triggerTypeID: String? = nil, description: String? = nil) {
    self.triggerTypeID = triggerTypeID
    self.description = description
  }

  private enum CodingKeys: String, CodingKey {
    case triggerTypeID = "trigger_type_id"
    case description
  }
}
