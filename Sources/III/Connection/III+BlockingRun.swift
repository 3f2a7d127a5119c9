extension III {
  /// Serves, and blocks the thread, until somebody shuts the worker down or the process ends.
  ///
  /// The last line of a program without tasks that only offers functions: a worker alone does not keep the process alive.
  ///
  /// ```swift
  /// let iii = try registerWorker()
  /// try iii.registerFunction("hello::greet") { (name: String) in "Hello, \(name)!" }
  /// try iii.run()
  /// ```
  ///
  /// - Throws: ``IIIConnectionError`` if the worker has failed for good because all retries are used up, or the
  ///   ``RegistrationRejectedError`` by which an engine has refused it; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` or
  ///   `BLOCKING_ON_LOOP` where a thread must not block.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  public func run() throws {
    try BlockingCall.check("run")
    try BlockingCall.value { done in Task { done(await self.result { try await $0.run() }) } }.get()
  }

  private func result(of body: (III) async throws -> Void) async -> Result<Void, any Error> {
    do { return .success(try await body(self)) } catch { return .failure(error) }
  }
}
