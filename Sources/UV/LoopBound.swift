/// A value that may only be used on a loop's thread, wrapped so that other threads can post it back to that loop.
///
/// Inlinable: without that, each use in another module is generic code at run time.
@usableFromInline package struct LoopBound<Value>: @unchecked Sendable {
  // Sendable: the value is returned on the loop's thread only; `value` checks that in every build.
  @usableFromInline let bound: Value
  @usableFromInline let loop: Loop

  @inlinable package init(_ value: Value, on loop: Loop) {
    bound = value
    self.loop = loop
  }

  /// The value. Using it on another thread is a programming error and traps.
  @inlinable package var value: Value {
    if !loop.isOnLoop { misused() }
    return bound
  }

  @usableFromInline func misused() -> Never {
    preconditionFailure("a value bound to loop '\(loop.name)' was used on another thread")
  }
}
