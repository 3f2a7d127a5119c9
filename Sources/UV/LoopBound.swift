/// A value that may only be used on a loop's thread, wrapped so that other threads can post it back to that loop.
package struct LoopBound<Value>: @unchecked Sendable {
  // Sendable: the value is returned on the loop's thread only; `value` checks that in every build.
  private let bound: Value
  private let loop: Loop

  package init(_ value: Value, on loop: Loop) {
    bound = value
    self.loop = loop
  }

  /// The value. Using it on another thread is a programming error and traps.
  package var value: Value {
    precondition(loop.isOnLoop, "a value bound to loop '\(loop.name)' was used on another thread")
    return bound
  }
}
