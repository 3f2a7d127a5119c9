/// A command line that is not understood: status 2.
struct UsageError: Error, Equatable {
  let message: String
}
