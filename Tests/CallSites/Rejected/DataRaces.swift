import III

func capturedVariable(_ worker: III) throws {
  var count = 0
  try worker.registerFunction("f") { (n: Int) async in
    count += n  // error: mutation of captured var 'count' in concurrently-executing code
  }
  print(count)
}
