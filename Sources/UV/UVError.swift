internal import CUV

/// An error code of libuv or of the system, and what failed.
package struct UVError: Error, Equatable, Sendable, CustomStringConvertible {
  /// libuv's code, negative.
  package let code: Int32
  /// What failed: `listen`, `connect` …
  package let operation: String

  package init(code: Int32, operation: String) {
    self.code = code
    self.operation = operation
  }

  /// The code's name, such as `EADDRINUSE`.
  package var name: String { String(cString: uv_err_name(code)) }

  /// The code as text, such as `address already in use`.
  package var reason: String { String(cString: uv_strerror(code)) }

  package var description: String { "\(operation): \(reason) (\(name))" }

  package var isAddressInUse: Bool { code == UV_EADDRINUSE.rawValue }
  /// The process, or the machine, has no file descriptors left.
  package var isOutOfDescriptors: Bool { code == UV_EMFILE.rawValue || code == UV_ENFILE.rawValue }
  package var isNoSuchFile: Bool { code == UV_ENOENT.rawValue }

  /// Throws if `code`, the result of a call, is negative.
  static func check(_ code: some FixedWidthInteger, _ operation: String) throws(UVError) {
    if code < 0 { throw UVError(code: Int32(truncatingIfNeeded: code), operation: operation) }
  }
}
