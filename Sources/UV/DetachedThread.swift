internal import CUV

/// Starts a thread that is never joined. Returns the result of `pthread_create`: 0 if the thread runs.
package func startDetachedThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
  final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  #if os(Linux)
    var thread = pthread_t()
  #else
    var thread: pthread_t?
  #endif
  let start = Unmanaged.passRetained(Start(name, body))
  let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
    guard let argument else { return nil }
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    cuv_set_thread_name(String(start.name.prefix(15)))
    start.body()
    return nil
  }
  #if os(Linux)
    let code = pthread_create(&thread, nil, main, start.toOpaque())
    if code == 0 { pthread_detach(thread) }
  #else
    let code = pthread_create(&thread, nil, { main($0) }, start.toOpaque())
    if code == 0, let thread { pthread_detach(thread) }
  #endif
  if code != 0 { start.release() }
  return code
}

/// Identifies the calling thread while it lives.
package func currentThreadID() -> UInt { UInt(cuv_current_thread()) }
