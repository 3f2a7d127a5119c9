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

  /// The same operations on an object and on a simple model, with sizes below and above the limit for an index.
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
      #expect(object.count == model.count)
      #expect(object.startIndex == object.indices.first ?? object.endIndex)
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

  @Test("The time for removing many members is proportional to their number") func removals() {
    func time(_ count: Int) -> Double {
      var object = JSONObject()
      for number in 0..<count { object["key\(number)"] = 1 }
      let time = threadTime { for number in 0..<count { object["key\(number)"] = nil } }
      #expect(object.isEmpty)
      return time
    }
    let small = (0..<3).map { _ in time(1000) }.min() ?? 0
    let large = (0..<3).map { _ in time(16_000) }.min() ?? 0
    #expect(large < small * 100)
  }

  @Test("An object is a collection of its members") func collection() {
    var object: JSONObject = ["a": 1, "b": 2, "c": 3, "d": 4]
    object["a"] = nil
    object["c"] = nil
    #expect(object.count == 2)
    #expect(object.values == [2, 4])
    #expect(object.first?.key == "b")
    #expect(object.map(\.key) == ["b", "d"])
    #expect(object.indices.map { object[$0].key } == ["b", "d"])
    #expect(object.firstIndex { $0.key == "d" }.map { object[$0].value } == 4)
    #expect(object.dropFirst().map(\.key) == ["d"])
    object["b"] = nil
    object["d"] = nil
    #expect(object.startIndex == object.endIndex)
    #expect(object.first == nil)
  }

  @Test("Values are changed in place, and nil removes a member") func modification() {
    var object: JSONObject = ["a": [1]]
    object["a"]?[0] = 2
    object["b"]?[0] = 3
    object["c", default: []] = 4
    #expect(object.description == #"{"a":[2],"c":4}"#)
    object["a"]? = nil
    #expect(object["a"] == .some(.null))
  }

  @Test("Keys are compared by their bytes") func keysAreBytes() {
    let a: JSONObject = ["caf\u{e9}": 1, "cafe\u{301}": 2]
    #expect(a.count == 2)
    #expect(a["cafe\u{301}"] == 2)
    #expect(["caf\u{e9}": 1] as JSONObject != ["cafe\u{301}": 1] as JSONObject)
  }
}

extension JSONObject {
  fileprivate subscript(key: String, default value: JSONValue) -> JSONValue {
    get { self[key] ?? value }
    set { self[key] = newValue }
  }
}
