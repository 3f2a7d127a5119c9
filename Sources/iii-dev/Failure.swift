/// An error of a verb at run time: its text goes behind `Error: `.
struct Failure: Error, Equatable {
  let text: String
  var status = ExitStatus.failure
}
