/// The owner of a libuv handle: the loop closes it before it ends.
protocol LoopResource: AnyObject {
  /// Begins to close the handle, unless it is being closed already.
  func closeWithLoop()
}
