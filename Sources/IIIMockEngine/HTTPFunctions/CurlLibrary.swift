internal import CCurl

/// libcurl's functions. The library is loaded when the first one is needed, and stays.
struct CurlLibrary: @unchecked Sendable {
  // Sendable: the functions are set before the value is shared, and never change.
  let functions: UnsafePointer<ccurl_library>

  static let shared: Result<CurlLibrary, Missing> = {
    let functions = UnsafeMutablePointer<ccurl_library>.allocate(capacity: 1)
    guard let reason = ccurl_load(functions) else { return .success(CurlLibrary(functions: UnsafePointer(functions))) }
    defer { functions.deallocate() }
    return .failure(Missing(reason: String(cString: reason)))
  }()

  static var loaded: CurlLibrary? { try? shared.get() }

  /// Why there is no library.
  struct Missing: Error {
    let reason: String
  }
}
