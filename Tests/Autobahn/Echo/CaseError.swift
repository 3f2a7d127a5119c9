/// Why the cases cannot be run.
enum CaseError: Error {
  case noCases
  case endedEarly
}
