internal import CUV

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A program that runs as a child of this process, with its standard streams. Confined to its loop.
package final class ChildProcess: LoopResource {
  /// How a child has ended.
  package enum End: Equatable, Sendable {
    case exited(Int)
    /// A signal ended it.
    case killed(Int)
  }

  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_process_t>
  private var ended: ((End) -> Void)?
  private var isClosed = false

  /// Starts a program, which is searched for in `PATH` unless its name has a slash.
  ///
  /// - Parameters:
  ///   - words: The program's name, then its arguments.
  ///   - variables: Added to this process's environment, in place of variables of the same names.
  ///   - ended: Called on the loop when the program has ended.
  package init(
    _ words: [String], variables: [(name: String, value: String)], on loop: Loop, _ ended: @escaping (End) -> Void
  ) throws(UVError) {
    self.loop = loop
    self.ended = ended
    handle = .allocate(capacity: 1)
    let code = ChildProcess.spawn(handle, words, variables, on: loop)
    // Also where the program could not be started, libuv has initialised the handle.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
    guard code == 0 else {
      closeWithLoop()
      throw UVError(code: code, operation: "start '\(words.first ?? "")'")
    }
  }

  private static func spawn(
    _ handle: UnsafeMutablePointer<uv_process_t>, _ words: [String], _ variables: [(name: String, value: String)],
    on loop: Loop
  ) -> Int32 {
    var options = uv_process_options_t()
    options.exit_cb = { handle, status, signal in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<ChildProcess>.fromOpaque(data).takeUnretainedValue()
        .didEnd(signal == 0 ? .exited(Int(status)) : .killed(Int(signal)))
    }
    let names = Set(variables.map(\.name))
    let inherited = SystemInfo.environmentEntries.filter { entry in
      !names.contains(String(entry.prefix { $0 != "=" }))
    }
    var arguments = words.map { strdup($0) } + [nil]
    var environment = (inherited + variables.map { "\($0.name)=\($0.value)" }).map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var streams = (0..<3).map { number -> uv_stdio_container_t in
      var stream = uv_stdio_container_t()
      stream.flags = UV_INHERIT_FD
      stream.data.fd = Int32(number)
      return stream
    }
    return arguments.withUnsafeMutableBufferPointer { arguments in
      environment.withUnsafeMutableBufferPointer { environment in
        streams.withUnsafeMutableBufferPointer { streams in
          options.file = UnsafePointer(arguments.first ?? nil)
          options.args = arguments.baseAddress
          options.env = environment.baseAddress
          options.stdio = streams.baseAddress
          options.stdio_count = Int32(streams.count)
          return uv_spawn(loop.handle, handle, &options)
        }
      }
    }
  }

  private func didEnd(_ end: End) {
    let ended = ended
    self.ended = nil
    closeWithLoop()
    ended?(end)
  }

  /// Sends a signal to the program, if it has not ended.
  package func send(_ signal: Int) { if !isClosed { uv_process_kill(handle, Int32(signal)) } }

  func closeWithLoop() {
    guard !isClosed else { return }
    isClosed = true
    ended = nil
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let data = handle?.pointee.data else { return }
      let process = Unmanaged<ChildProcess>.fromOpaque(data).takeRetainedValue()
      process.loop.unregister(process)
      process.handle.deallocate()
    }
  }
}
