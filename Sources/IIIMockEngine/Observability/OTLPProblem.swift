/// Why a telemetry message cannot be read. Names members and types, never their values.
struct OTLPProblem: Error, Equatable {
  let text: String

  static func missing(_ member: String, of owner: String, expected: String) -> OTLPProblem {
    OTLPProblem(text: "`\(member)` of \(owner) is null, expected \(expected)")
  }

  static func wrongType(_ member: String, of owner: String, expected: String) -> OTLPProblem {
    OTLPProblem(text: "`\(member)` of \(owner) is not \(expected)")
  }
}
