internal import UV

/// The loop of all workers of this process that live on no other: it starts with the first of them and never ends, for one
/// that ended with its last worker would race the next one.
enum SharedLoop {
  private static let started: Result<LoopHost, UVError> = {
    do throws(UVError) { return .success(try LoopHost(name: "iii")) } catch { return .failure(error) }
  }()

  static func host() throws(UVError) -> LoopHost { try started.get() }
}
