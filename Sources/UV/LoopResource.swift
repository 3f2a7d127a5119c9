/// What a loop must see closed before it ends: each owner of a libuv handle.
protocol LoopResource: AnyObject {
  /// Begins to close the handle, if that has not begun.
  func closeWithLoop()
}
