/// The trigger types that an engine itself fires.
public enum EngineTriggers {
  /// The set of functions has changed; the engine looks every five seconds.
  public static let functionsAvailable = "engine::functions-available"
  /// A worker came, left or described itself.
  public static let workersAvailable = "engine::workers-available"
  /// A log record was taken.
  public static let log = "log"
}
