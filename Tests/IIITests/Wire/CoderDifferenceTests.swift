import Foundation
import TestSupport
import Testing

@testable import III

/// Generated types and texts, decoded and encoded by the SDK's coder and by Foundation's: the results are equal, except for the differences
/// in the table.
@Suite struct CoderDifferenceTests {
  /// The differences that remain, and why. The generator of the texts records those that a text may show.
  enum Difference: CaseIterable {
    /// `9.223372036854775807e18` is an `Int64`, `48e18` an `Int128`: integers are exact with any spelling.
    /// Foundation computes with doubles if there is an exponent, and refuses them.
    case integersWithExponent
    /// `97.000000000000000000001` is not an integer. Foundation rounds it to a double first and accepts 97.
    case tinyFractions
    /// `1e-400` is 0 and `1e-60` is 0 as `Float`: the nearest number. Foundation refuses both, other languages do not.
    case underflow
    /// `0e5` is 0; Foundation refuses it.
    case zeroWithExponent
    /// A text with `01` or `+1` is not JSON. Foundation does not check numbers that are not decoded.
    case uncheckedNumbers
    /// Of duplicate keys the last one counts, as in JavaScript, Python and the engine. In Foundation the first one counts.
    case duplicateKeys
    /// Fractions of a second are read and written. Foundation drops them.
    case fractionsOfSeconds
    /// 31 February and 24:30 do not exist. Foundation accepts them as the following days.
    case impossibleDates
    /// Before 1582 Foundation writes and reads dates of the Julian calendar; ISO 8601 uses the Gregorian one.
    case julianDates
  }

  struct Record: Codable, Equatable {
    var id: Int
    var name: String?
    var ratio: Double?
    var tags: [String]?
    var inner: [String: Int]?
  }

  enum Choice: Codable, Equatable {
    case none
    case number(Int)
    case pair(a: String, Bool)
  }

  enum Level: Int, Codable { case low = 1, high = 2 }

  /// One type of the corpus: the results of both coders for a text.
  struct Subject: Sendable {
    let name: String
    let compare: @Sendable (String) -> String?

    init<T: Codable & Equatable & SendableMetatype>(_ type: T.Type) {
      name = "\(type)"
      compare = { Subject.difference($0, type) }
    }

    /// The difference between the coders; nil if there is none.
    private static func difference<T: Codable & Equatable>(_ text: String, _ type: T.Type) -> String? {
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      let theirs = Result { try decoder.decode(type, from: Data(text.utf8)) }
      let ours = Result { try PayloadCoder.decode(type, from: Array(text.utf8)) }
      switch (ours, theirs) {
      case (.failure, .failure): return nil
      case (.failure(let error), .success(let value)): return "\(PayloadCoder.message(for: error)), Foundation \(value)"
      case (.success(let value), .failure): return "\(value), Foundation fails"
      case (.success(let ours), .success(let theirs)):
        if ours != theirs { return "\(ours), Foundation \(theirs)" }
        return encodingDifference(ours)
      }
    }

    private static func encodingDifference<T: Codable & Equatable>(_ value: T) -> String? {
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      let theirs = Result { [UInt8](try encoder.encode(value)) }
      let ours = Result { try PayloadCoder.encode(value) }
      switch (ours, theirs) {
      case (.failure, .failure): return nil
      case (.success(let ours), .success(let theirs)):
        guard let a = try? JSONValue(parsing: String(decoding: ours, as: UTF8.self)),
          let b = try? JSONValue(parsing: String(decoding: theirs, as: UTF8.self)), a == b
        else {
          return
            "encodes \(String(decoding: ours, as: UTF8.self)), Foundation \(String(decoding: theirs, as: UTF8.self))"
        }
        return nil
      default: return "encodes \(ours), Foundation \(theirs)"
      }
    }
  }

  static let subjects: [Subject] = [
    Subject(Bool.self), Subject(String.self), Subject(Int.self), Subject(Int8.self), Subject(Int16.self),
    Subject(Int32.self), Subject(Int64.self), Subject(UInt.self), Subject(UInt8.self), Subject(UInt16.self),
    Subject(UInt32.self), Subject(UInt64.self), Subject(Int128.self), Subject(UInt128.self), Subject(Float.self),
    Subject(Double.self), Subject(Date.self), Subject(Data.self), Subject(URL.self), Subject(Decimal.self),
    Subject(UUID.self), Subject(Level.self), Subject(Choice.self), Subject(Record.self), Subject([Int].self),
    Subject([String?].self), Subject([[Double]].self), Subject([Int64].self), Subject([String: Int].self),
    Subject([String: [Bool]].self), Subject([Int: String].self), Subject(Int?.self), Subject([Record].self),
    Subject([Record?].self), Subject([String: Record].self), Subject(Set<Int>.self), Subject(Range<Int>.self),
  ]

  /// Generates texts that match a type more or less.
  struct Maker {
    var generator: SeededGenerator
    /// The differences that the generated texts may show.
    var differences: Set<Difference> = []

    private mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }

    mutating func text(_ type: String, depth: Int = 0) -> String {
      if Int.random(in: 0..<8, using: &generator) == 0 { return any(depth: depth) }
      if type.hasPrefix("Optional<") {
        return Bool.random(using: &generator) ? "null" : text(String(type.dropFirst(9).dropLast()), depth: depth)
      }
      if type.hasPrefix("Array<Array") { return list(depth) { $0.list(depth) { $0.number() } } }
      if type.hasPrefix("Array<Rec") || type.hasPrefix("Array<Optional<Rec") { return list(depth) { $0.record() } }
      if type.hasPrefix("Array<Optional<String") { return list(depth) { $0.pick([$0.string(), "null"]) } }
      if type.hasPrefix("Range"), Int.random(in: 0..<3, using: &generator) == 0 {
        differences.insert(.uncheckedNumbers)
        return "[1,2,\(pick(["01", "1.", "+1"]))]"
      }
      if type.hasPrefix("Array") || type.hasPrefix("Set") || type.hasPrefix("Range") {
        return list(depth) { $0.number() }
      }
      if type.hasPrefix("Dictionary<String, Int") || type.hasPrefix("Dictionary<Int") {
        return object { $0.pick([$0.number(), $0.string()]) }
      }
      if type.hasPrefix("Dictionary<String, Array") { return object { $0.list(depth) { $0.pick(["true", "false"]) } } }
      if type.hasPrefix("Dictionary<String, Rec") { return object { $0.record() } }
      switch type {
      case "Bool": return pick(["true", "false"])
      case "String", "URL": return string()
      case "Date": return date()
      case "Data": return pick([#""AAEC/w==""#, #""""#, #""AAEC_w==""#, #""A""#, #""////""#])
      case "UUID": return pick([#""0b7f4c6e-9d3a-4f10-8f2b-3a5f7f1f0c9e""#, #""0B7F4C6E9D3A""#, string()])
      case "Level": return pick(["1", "2", "3", "1.0", "\"1\""])
      case "Choice":
        return pick([
          #"{"none":{}}"#, #"{"number":{"_0":\#(number())}}"#, #"{"pair":{"a":\#(string()),"_1":true}}"#,
          #"{"pair":{}}"#,
          "{}", #"{"none":{},"number":{"_0":1}}"#,
        ])
      case "Record": return record()
      default: return number()
      }
    }

    private mutating func any(depth: Int) -> String {
      switch Int.random(in: 0..<(depth < 3 ? 7 : 5), using: &generator) {
      case 0: "null"
      case 1: pick(["true", "false"])
      case 2: number()
      case 3, 4: string()
      case 5: list(depth) { $0.any(depth: depth + 1) }
      default: object { $0.any(depth: depth + 1) }
      }
    }

    private mutating func list(_ depth: Int, _ element: (inout Maker) -> String) -> String {
      "["
        + (0..<Int.random(in: 0..<4, using: &generator)).map { _ in element(&self) }.joined(
          separator: pick([",", " , "])) + "]"
    }

    private mutating func object(_ value: (inout Maker) -> String) -> String {
      let names = ["a", "b", "c", "7", "", "é", "e\u{301}", #"\u0061"#, "id", "name"]
      var used: Set<String> = []
      let members = (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
        let name = pick(names)
        if !used.insert(name == #"\u0061"# ? "a" : name).inserted { differences.insert(.duplicateKeys) }
        return "\"\(name)\":\(value(&self))"
      }
      return "{" + members.joined(separator: ",") + "}"
    }

    private mutating func record() -> String {
      var members = ["\"id\":\(number())"]
      if Bool.random(using: &generator) { members.append("\"name\":\(pick([string(), "null"]))") }
      if Bool.random(using: &generator) { members.append("\"ratio\":\(number())") }
      if Bool.random(using: &generator) { members.append("\"tags\":\(list(0) { $0.string() })") }
      if Bool.random(using: &generator) { members.append("\"inner\":\(object { $0.number() })") }
      if Int.random(in: 0..<12, using: &generator) == 0 {
        members.append("\"id\":1")
        differences.insert(.duplicateKeys)
      }
      if Int.random(in: 0..<6, using: &generator) == 0 { members.removeFirst() }
      members.shuffle(using: &generator)
      return "{" + members.joined(separator: ", ") + "}"
    }

    private mutating func number() -> String {
      let text = digits()
      if text.contains("0000000000001") { differences.insert(.tinyFractions) }
      guard let value = Double(text), !["01", "1.", "+1"].contains(text) else {
        differences.insert(.uncheckedNumbers)
        return text
      }
      if text.lowercased().contains("e") {
        if value == 0 { differences.insert(.zeroWithExponent) }
        if value.magnitude > 0x1p53 { differences.insert(.integersWithExponent) }
      }
      if value.magnitude < 1e-37, text.contains("e-") { differences.insert(.underflow) }
      return text
    }

    private mutating func digits() -> String {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0, 1: return "\(Int.random(in: -3...300, using: &generator))"
      case 2: return "\(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))"
      case 3:
        let edges: [Int128] = [128, 256, 32768, 65536, 1 << 31, 1 << 32, 1 << 53, 1 << 63, 1 << 64]
        return "\((pick(edges) + Int128.random(in: -2...2, using: &generator)) * pick([1, -1]))"
      case 4:
        return "\(Int.random(in: -3...300, using: &generator)).\(pick(["0", "00", "5", "25", "000000000000000000001"]))"
      case 5:
        return
          "\(Int.random(in: -99...99, using: &generator))\(pick(["e0", "E2", "e+3", "e-1", "e-2", "e18", "e38", "e60", "e-30"]))"
      case 6: return "\(Double(bitPattern: generator.next() & ~(1 << 62) | 0x3 << 60))"
      case 7:
        return pick([
          "-0", "-0.0", "0e5", "0.1", "1e308", "1e309", "1e-400", "5e-324", "9007199254740993.0",
          "-9.223372036854776e18", "9.223372036854775807e18", "340282366920938463463374607431768211455",
          "340282366920938463463374607431768211456", "12345678901234567890.123456789", "01", "1.", "+1",
        ])
      case 8: return "\(Double(Int.random(in: -100_000...100_000, using: &generator)) / 100)"
      default: return "\(Float.random(in: -1e10...1e10, using: &generator))"
      }
    }

    private mutating func string() -> String {
      pick([
        #""""#, #""abc""#, #""a\"b\\c\/d\b\f\n\r\t""#, #""\u00e9\u20AC\ud83d\ude00""#, #""\ud800""#, #""\udc00x""#,
        "\"Größe 測試 😀\"",
        "\"\u{7f}\u{2028}\"", "\"a\u{1}\"", #""\x""#, #""https://example.com/a b?c=d&e=é""#, #""/relative/path""#,
        #""://""#,
        #""1""#, "\"e\u{301}\"", #""\u0000""#, "\"", "abc",
      ])
    }

    private mutating func date() -> String {
      let year = pick([1970, 2001, 2024, 1999, 1600, 1583, 9999, 1500, 1, 0])
      let month = Int.random(in: 1...12, using: &generator)
      let day = Int.random(in: 1...31, using: &generator)
      let hour = Int.random(in: 0..<25, using: &generator)
      let fraction = pick(["", "", "", ".5", ".123456"])
      if year < 1583 { differences.insert(.julianDates) }
      if hour == 24 || day > 28 { differences.insert(.impossibleDates) }
      if !fraction.isEmpty { differences.insert(.fractionsOfSeconds) }
      return "\"\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(hour, 2)):30:15"
        + "\(fraction)\(pick(["Z", "Z", "+01:00", "-0530", "", "z"]))\""
    }

    private func padded(_ number: Int, _ count: Int) -> String {
      String(repeating: "0", count: max(0, count - "\(number)".count)) + "\(number)"
    }
  }

  @Test("10,000 generated cases have the same results with Foundation, except for the differences in the table")
  func generatedCases() {
    var maker = Maker(generator: SeededGenerator(seed: 1000))
    var same = 0
    var seen: Set<Difference> = []
    for number in 0..<10_000 {
      let subject = Self.subjects[number % Self.subjects.count]
      maker.differences = []
      let text = maker.text(subject.name)
      guard let what = subject.compare(text) else {
        same += 1
        continue
      }
      if maker.differences.isEmpty { Issue.record("\(subject.name) from \(text): \(what)") }
      if maker.differences.count == 1 { seen.formUnion(maker.differences) }
    }
    #expect(same > 8000)
    // A difference that no case shows must be removed from the table.
    #expect(Set(Difference.allCases).symmetricDifference(seen).isEmpty)
  }
}
