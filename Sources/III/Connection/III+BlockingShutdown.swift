extension III {
  /// Ends the worker as the async form does, and blocks the thread until its connection is closed: within 5 s.
  ///
  /// It cannot throw, so that `defer { iii.shutdown() }` can be written. Inside a task, and on a thread that serves connections, where
  /// blocking is wrong, it has the worker ended, does not wait for it, and logs an error that says so: use `await shutdown()` there.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  public func shutdown() {
    do throws(IIIInvocationError) {
      try BlockingCall.check("shutdown")
    } catch {
      log(.error, "\(error.message). The worker is being shut down, but was not waited for")
      beginShutdown {}
      return
    }
    BlockingCall.value { done in beginShutdown { done(()) } }
  }
}
