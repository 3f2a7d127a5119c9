import Foundation
import TestSupport
import Testing

@testable import III

/// Generated documents: they are unchanged after writing and reading, and Foundation reads the same values.
@Suite struct JSONPropertyTests {
  struct Maker {
    var generator: SeededGenerator

    mutating func value(depth: Int = 0) -> JSONValue {
      switch Int.random(in: 0..<(depth < 3 ? 10 : 7), using: &generator) {
      case 0: return .null
      case 1: return .bool(.random(using: &generator))
      case 2: return .int(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
      case 3: return .uint(generator.next() | 1 << 63)
      case 4: return .double(double())
      case 5, 6: return .string(string())
      case 7: return .array((0..<Int.random(in: 0..<6, using: &generator)).map { _ in value(depth: depth + 1) })
      default:
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0..<15, using: &generator) { object[string()] = value(depth: depth + 1) }
        return .object(object)
      }
    }

    private mutating func double() -> Double {
      while true {
        let value: Double =
          switch Int.random(in: 0..<4, using: &generator) {
          case 0: Double(bitPattern: generator.next())
          case 1: Double(Int.random(in: -100_000...100_000, using: &generator)) / 100
          case 2: Double(Int64(bitPattern: generator.next()) >> 8)
          default: Double.random(in: -1...1, using: &generator)
          }
        if value.isFinite { return value }
      }
    }

    private mutating func string() -> String {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0..<20, using: &generator) {
        let limit: UInt32 = [0x80, 0x80, 0x80, 0x300, 0x1_0000, 0x11_0000][Int.random(in: 0..<6, using: &generator)]
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &generator)) { text.append(scalar) }
      }
      return String(text)
    }
  }

  @Test(arguments: 0..<400) func whatIsWrittenIsReadAgain(seed: Int) throws {
    var maker = Maker(generator: SeededGenerator(seed: UInt64(seed)))
    let value = maker.value()
    let bytes = try PayloadCoder.encode(value)
    let parsed = try PayloadCoder.decode(JSONValue.self, from: bytes)
    let isEqual = parsed == value
    #expect(isEqual)
    #expect(try PayloadCoder.encode(parsed) == bytes)
    let decoded = try PayloadCoder.decode([JSONValue].self, from: [0x5B] + bytes + [0x5D])
    let isEqualInArray = decoded == [value]
    #expect(isEqualInArray)
    #expect(try JSONValue(parsing: value.jsonString(sortedKeys: true)) == value)

    let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    let isSame = matches(value, theirs)
    #expect(isSame)
  }

  private func matches(_ value: JSONValue, _ theirs: Any) -> Bool {
    switch value {
    case .null: theirs is NSNull
    case .bool(let value): (theirs as? Bool) == value
    case .int(let value): (theirs as? NSNumber)?.int64Value == value
    case .uint(let value): (theirs as? NSNumber)?.uint64Value == value
    case .double(let value):
      // Foundation's reader uses decimals here and sometimes differs by some ulps.
      (theirs as? NSNumber).map { abs($0.doubleValue - value) <= abs(value) * 1e-12 } ?? false
    case .string(let value): (theirs as? String)?.utf8.elementsEqual(value.utf8) == true
    case .array(let values):
      (theirs as? [Any]).map { $0.count == values.count && zip(values, $0).allSatisfy(matches) } ?? false
    case .object(let object):
      // Foundation treats canonically equivalent keys as one.
      (theirs as? [String: Any]).map { theirs in
        theirs.count < object.count
          || object.allSatisfy { member in theirs[member.key].map { matches(member.value, $0) } ?? false }
      } ?? false
    }
  }

  /// Documents with a few changed bytes: the parser, the decoder's check and, except for known leniencies, Foundation agree.
  @Test(arguments: 0..<200) func damagedDocumentsAreJudgedAlike(seed: Int) throws {
    var maker = Maker(generator: SeededGenerator(seed: UInt64(1000 + seed)))
    let bytes = try PayloadCoder.encode(JSONValue.array([maker.value(), maker.value()]))
    for _ in 0..<20 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...3, using: &maker.generator) {
        let place = Int.random(in: 0..<damaged.count, using: &maker.generator)
        switch Int.random(in: 0..<3, using: &maker.generator) {
        case 0: damaged[place] = UInt8.random(in: 0...255, using: &maker.generator)
        case 1:
          damaged.insert(Array("\"\\{}[],:0-.e\u{1} ".utf8).randomElement(using: &maker.generator) ?? 0, at: place)
        default: damaged.remove(at: place)
        }
        if damaged.isEmpty { damaged = [0x20] }
      }
      let parsed = try? damaged.withView { try JSONParser.parse($0) }
      let checked = try? damaged.withView { try JSONDocument($0) }
      #expect((parsed != nil) == (checked != nil))
      guard let parsed else { continue }
      let decoded = try PayloadCoder.decode([JSONValue].self, from: damaged)
      #expect(.array(decoded) == parsed)
      #expect(try JSONValue(parsing: parsed.jsonString()) == parsed)
    }
  }

  @Test func numbersAreReadAsTheyAreByFoundation() throws {
    var generator = SeededGenerator(seed: 99)
    for _ in 0..<5000 {
      var text = Bool.random(using: &generator) ? "-" : ""
      let digits = Int.random(in: 1...25, using: &generator)
      text += "\(Int.random(in: 1...9, using: &generator))"
      for _ in 1..<max(2, digits) { text += "\(Int.random(in: 0...9, using: &generator))" }
      if Bool.random(using: &generator) { text += ".\(Int.random(in: 0...999_999, using: &generator))" }
      if Bool.random(using: &generator) { text += "e\(Int.random(in: -330...280, using: &generator))" }
      let value = try PayloadCoder.decode(Double.self, from: Array(text.utf8))
      #expect(value == Double(text), "\(text)")
      switch try JSONValue(parsing: text) {
      case .int(let integer): #expect(String(integer) == text)
      case .uint(let integer): #expect(String(integer) == text)
      case .double(let double): #expect(double == Double(text), "\(text)")
      default: Issue.record("\(text) is no number")
      }
    }
  }
}
