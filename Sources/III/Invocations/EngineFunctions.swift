/// The ids of functions that every engine has.
public enum EngineFunctions {
  /// Lists functions.
  public static let listFunctions = "engine::functions::list"
  /// Describes one function.
  public static let infoFunctions = "engine::functions::info"
  /// Lists connected workers.
  public static let listWorkers = "engine::workers::list"
  /// Describes one worker.
  public static let infoWorkers = "engine::workers::info"
  /// Receives a worker's metadata; the client calls it automatically.
  public static let registerWorker = "engine::workers::register"
  /// Lists trigger types.
  public static let listTriggers = "engine::triggers::list"
  /// Describes one trigger type.
  public static let infoTriggers = "engine::triggers::info"
  /// Lists registered triggers.
  public static let listRegisteredTriggers = "engine::registered-triggers::list"
  /// Describes one registered trigger.
  public static let infoRegisteredTriggers = "engine::registered-triggers::info"
  /// Publishes to a durable topic; `III.publish` calls it.
  public static let publishDurably = "iii::durable::publish"
  /// Moves all dead letters of a queue back to it.
  public static let redriveQueue = "iii::queue::redrive"
  /// Moves one dead letter of a queue back to it.
  public static let redriveMessage = "iii::queue::redrive_message"
  /// Removes one dead letter of a queue.
  public static let discardMessage = "iii::queue::discard_message"
  /// Creates a channel.
  public static let createChannel = "engine::channels::create"
}

/// The ids of trigger types that the engine fires itself.
public enum EngineTriggers {
  /// The set of functions has changed; checked every five seconds.
  public static let functionsAvailable = "engine::functions-available"
  /// A worker has connected, disconnected or registered its metadata.
  public static let workersAvailable = "engine::workers-available"
  /// A log record was stored.
  public static let log = "log"
}
