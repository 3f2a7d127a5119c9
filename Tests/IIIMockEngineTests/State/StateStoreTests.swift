import III
import TestSupport
import Testing

@testable import IIIMockEngine

extension String {
  var bytes: [UInt8] { Array(utf8) }
}

extension [UInt8] {
  var text: String { String(decoding: self, as: UTF8.self) }
}

@Suite struct StateStoreTests {
  enum Step: CustomStringConvertible {
    case set(String, String, JSONValue)
    case update(String, String, [JSONValue])
    case delete(String, String)

    var description: String {
      switch self {
      case .set(let scope, let key, let value): "set \(scope)/\(key) = \(value)"
      case .update(let scope, let key, let operations): "update \(scope)/\(key): \(JSONValue.array(operations))"
      case .delete(let scope, let key): "delete \(scope)/\(key)"
      }
    }

    static func random(_ random: inout SeededGenerator) -> Step {
      let (scope, key) = (random.pick(["s", "S"]), random.pick(["k", "l", "m"]))
      switch random.below(8) {
      case 0: return .delete(scope, key)
      case 1, 2: return .set(scope, key, value(&random))
      default: return .update(scope, key, (0..<random.below(6)).map { _ in operation(&random) })
      }
    }

    static func value(_ random: inout SeededGenerator, depth: Int = 0) -> JSONValue {
      switch random.below(depth < 3 ? 12 : 8) {
      case 0: return .null
      case 1: return .bool(random.oneIn(2))
      case 2: return .int(Int64(random.below(5)))
      case 3: return random.pick([.int(.max), .int(.min), .uint(.max), .uint(1 << 63)])
      case 4: return .double(random.pick([1.5, -0.0, 1e16, 3]))
      case 5...7: return .string(random.pick(["", "a", "\"\\\n\u{e9}", "b"]))
      case 8: return .array((0..<random.below(3)).map { _ in value(&random, depth: depth + 1) })
      default:
        var object = JSONObject()
        for _ in 0..<random.below(4) { object[key(&random)] = .some(value(&random, depth: depth + 1)) }
        return .object(object)
      }
    }

    private static func key(_ random: inout SeededGenerator) -> String {
      random.oneIn(12) ? random.pick(["__proto__", "q\"\n", "e\u{301}", "\u{e9}"]) : random.pick(["a", "b", "c"])
    }

    static func operation(_ random: inout SeededGenerator) -> JSONValue {
      let name = random.pick(["set", "merge", "increment", "decrement", "append", "append", "remove"])
      var operation: JSONObject = ["type": .string(name)]
      operation["path"] = .string(random.oneIn(4) ? "" : key(&random))
      if (name == "merge" || name == "append") && random.oneIn(2) {
        operation["path"] = random.oneIn(5) ? nil : .array((0..<random.below(4)).map { _ in .string(key(&random)) })
      }
      if name == "merge" && random.oneIn(2) {
        operation["value"] = [key(&random): value(&random), key(&random): value(&random)]
      } else if name == "increment" || name == "decrement" {
        let by = random.pick([0, 1, -2, .max, .min, 7] as [Int64])
        operation["by"] = .int(by)
        operation["value"] = .int(by)
      } else {
        operation["value"] = .some(value(&random))
      }
      return .object(operation)
    }
  }

  /// Plays the steps on both; the first difference, if there is one.
  static func difference(_ steps: [Step]) -> String? {
    var store = StateStore()
    var model = StateModel()
    for step in steps {
      let change: StateChange
      let wanted: (scope: String, key: String, old: JSONValue?, kind: StateChange.Kind)
      switch step {
      case .set(let scope, let key, let value):
        let old = model.set(scope, key, value)
        wanted = (scope, key, old, old == nil ? .created : .updated)
        change = store.set(value.jsonString().bytes, of: key.bytes, in: scope.bytes)
      case .delete(let scope, let key):
        wanted = (scope, key, model.delete(scope, key), .deleted)
        change = store.delete(key.bytes, in: scope.bytes)
      case .update(let scope, let key, let operations):
        let (old, codes) = model.update(scope, key, operations)
        wanted = (scope, key, old, old == nil ? .created : .updated)
        let decoded = operations.compactMap { operation in
          operation.jsonString().bytes.withView { try? UpdateOperation($0) }
        }
        let (made, problems) = store.update(key.bytes, in: scope.bytes, decoded)
        change = made
        let got = problems.map(\.problem.code)
        if got != codes { return "\(step): wanted \(codes), got \(got)" }
      }
      if change.kind != wanted.kind || change.old?.text != wanted.old?.jsonString() {
        return "\(step): wanted \(wanted), got \(change.kind) of \(change.old?.text ?? "nothing")"
      }
      for (scope, entries) in model.scopes {
        let got = store.entries(of: scope.bytes).map { "\($0.key.text)=\($0.value.text)" }
        let wanted = entries.map { "\($0.key)=\($0.value.jsonString())" }
        if got != wanted { return "\(step): wanted \(wanted), got \(got)" }
      }
    }
    let names = store.scopeNames.map(\.text)
    return names == model.scopes.keys.sorted() ? nil : "scopes \(names)"
  }

  @Test("random sequences do what the model does", arguments: 0..<8)
  func agreesWithTheModel(part: Int) {
    let difference = RandomSequences.firstDifference(part: part, of: 8, length: 12, step: Step.random) {
      Self.difference($0)
    }
    #expect(difference == nil)
  }

  @Test("an update keeps the bytes of what it does not touch")
  func keepsBytes() {
    var store = StateStore()
    let stored = #"{ "b" : 1e2, "n\u0061me": "\u00e9", "a": [ 1 , 2 ], "b": 1.50, "huge": 1e400, "n": 7 }"#
    _ = store.set(stored.bytes, of: "k".bytes, in: "s".bytes)
    let operations = [
      UpdateOperation(action: .increment(by: 1), path: ["n".bytes]),
      UpdateOperation(action: .append(value: "3".bytes), path: ["a".bytes]),
      UpdateOperation(action: .append(value: #""\u0021""#.bytes), path: ["name".bytes]),
    ]

    let (change, problems) = store.update("k".bytes, in: "s".bytes, operations)

    #expect(problems.isEmpty)
    #expect(change.new?.text == #"{"b":1.50,"n\u0061me":"\u00e9\u0021","a":[ 1 , 2 ,3],"huge":1e400,"n":8}"#)
    #expect(change.old?.text == stored)
  }

  @Test("a number beyond every reader is not counted on")
  func numberOutOfRange() {
    var store = StateStore()
    _ = store.set("1e400".bytes, of: "k".bytes, in: "s".bytes)
    let (change, problems) = store.update(
      "k".bytes, in: "s".bytes, [UpdateOperation(action: .increment(by: 1), path: [])])
    #expect(problems.map(\.problem.message) == ["Expected number at path 'root', got number."])
    #expect(change.new?.text == "1e400")
  }

  @Test("keys and scopes are told apart by their bytes")
  func keysAreBytes() {
    var store = StateStore()
    _ = store.set("1".bytes, of: "caf\u{e9}".bytes, in: "\u{e9}".bytes)
    _ = store.set("2".bytes, of: "cafe\u{301}".bytes, in: "\u{e9}".bytes)
    _ = store.set("3".bytes, of: "k".bytes, in: "e\u{301}".bytes)
    #expect(store.entries(of: "\u{e9}".bytes).map(\.value.text) == ["1", "2"])
    #expect(store.scopeNames.count == 2)
  }

  @Test("deleting many keys gives their memory back, and the order of the others stays")
  func deletingMany() {
    var store = StateStore()
    for number in 0..<10_000 { _ = store.set("\(number)".bytes, of: "k\(number)".bytes, in: "s".bytes) }
    for number in 0..<10_000 where number % 1000 != 7 { _ = store.delete("k\(number)".bytes, in: "s".bytes) }
    _ = store.set("again".bytes, of: "k0".bytes, in: "s".bytes)
    #expect(
      store.entries(of: "s".bytes).map(\.key.text)
        == (0..<10).map { "k\($0 * 1000 + 7)" } + ["k0"])
  }

  @Test("many operations on one large object cost what they are, not what the object is")
  func manyOperations() {
    // Quadratic cost would be 10 billion steps.
    let operations = (0..<100_000).map { number in
      UpdateOperation(action: .set(value: "\(number)".bytes), path: ["key\(number % 50_000)".bytes])
    }
    var store = StateStore()
    let (change, problems) = store.update("k".bytes, in: "s".bytes, operations)
    #expect(problems.isEmpty)
    #expect(change.new?.text.hasPrefix(#"{"key0":50000,"key1":50001,"#) == true)
    let appends = (0..<100_000).map { UpdateOperation(action: .append(value: "\($0)".bytes), path: ["list".bytes]) }
    let appended = store.update("l".bytes, in: "s".bytes, appends).change.new?.text
    #expect(appended?.hasPrefix(#"{"list":[0,1,2,"#) == true && appended?.hasSuffix(",99999]}") == true)
  }
}
