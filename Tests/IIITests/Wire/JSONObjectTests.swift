import TestSupport
import Testing

@testable import III

@Suite struct JSONObjectTests {
  @Test func keepsOrderAndReplacesInPlace() {
    var object: JSONObject = ["b": 1, "a": 2, "b": 3]
    #expect(object.keys == ["b", "a"])
    #expect(object["b"] == 3)
    object["c"] = nil
    object["a"] = .null
    object["0"] = 4
    #expect(object.description == #"{"b":3,"a":null,"0":4}"#)
    object["b"] = nil
    #expect(object.keys == ["a", "0"])
    #expect(object.count == 2)
    #expect(!object.isEmpty)
    #expect(JSONObject().isEmpty)
  }

  @Test func equalityKnowsNoOrder() {
    let a: JSONObject = ["x": 1, "y": [1, 2]]
    let b: JSONObject = ["y": [1, 2], "x": 1.0]
    #expect(a == b)
    #expect(a.hashValue == b.hashValue)
    #expect(a != ["x": 1])
    #expect(a != ["x": 1, "z": [1, 2]])
    #expect(a != ["x": 1, "y": [2, 1]])
  }

  /// The same operations on an object and on a plain model of one, across the size at which it keeps an index.
  @Test(arguments: 0..<20) func behavesAsItsModel(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var object = JSONObject()
    var model: [(key: String, value: JSONValue)] = []
    for step in 0..<300 {
      let key = "k\(Int.random(in: 0..<30, using: &generator))"
      let place = model.firstIndex { $0.key == key }
      if Int.random(in: 0..<3, using: &generator) == 0 {
        object[key] = nil
        if let place { model.remove(at: place) }
      } else {
        let value = JSONValue.int(Int64(step))
        object[key] = value
        if let place { model[place].value = value } else { model.append((key, value)) }
      }
      #expect(object.keys == model.map(\.key))
      #expect(object.map(\.value) == model.map(\.value))
      let isFound = (0..<30).allSatisfy { index in
        object["k\(index)"] == model.first { $0.key == "k\(index)" }?.value
      }
      #expect(isFound)
    }
    #expect(object.sortedByKey.keys == model.map(\.key).sorted())
    #expect(object.sortedByKey == object)
    for key in object.keys { #expect(object.sortedByKey[key] == object[key]) }
  }
}
