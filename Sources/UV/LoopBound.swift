/// A value that belongs to a loop's thread, carried by those who may only post to that loop.
package struct LoopBound<Value>: @unchecked Sendable {
  // Sendable: the value is handed out on the loop's thread alone, which `value` checks in every build.
  private let bound: Value
  private let loop: Loop

  package init(_ value: Value, on loop: Loop) {
    bound = value
    self.loop = loop
  }

  /// The value; asking for it off the loop is a programming error and traps.
  package var value: Value {
    precondition(loop.isOnLoop, "a value bound to loop '\(loop.name)' was asked for on another thread")
    return bound
  }
}
