/// The ids of functions that every engine has.
public enum EngineFunctions {
  /// Lists functions.
  public static let listFunctions = "engine::functions::list"
  /// Tells all about one function.
  public static let infoFunctions = "engine::functions::info"
  /// Lists connected workers.
  public static let listWorkers = "engine::workers::list"
  /// Tells all about one worker.
  public static let infoWorkers = "engine::workers::info"
  /// Takes a worker's own description; the client calls it by itself.
  public static let registerWorker = "engine::workers::register"
  /// Lists trigger types.
  public static let listTriggers = "engine::triggers::list"
  /// Tells all about one trigger type.
  public static let infoTriggers = "engine::triggers::info"
  /// Lists registered triggers.
  public static let listRegisteredTriggers = "engine::registered-triggers::list"
  /// Tells all about one registered trigger.
  public static let infoRegisteredTriggers = "engine::registered-triggers::info"
  /// Makes a channel.
  public static let createChannel = "engine::channels::create"
}
