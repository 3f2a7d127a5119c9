/// What the process ends with; the real engine's numbers.
enum ExitStatus: Int32, Sendable {
  case success = 0
  /// Something went wrong at run time, or the function that was called failed.
  case failure = 1
  /// The command line is not understood.
  case usage = 2
  /// The configuration needs a variable that is not set.
  case unsetVariable = 101
}
