import Foundation
import III

/// The payloads that the coder is measured with.
enum CoderCorpus {
  static func shapes() -> [CoderShape] { typical() + small() + unusual() + hostile() }

  /// What workers send one another, about 1 MB of it.
  private static func typical() -> [CoderShape] {
    [
      CoderShape("orders", [Order].self, list(1500, order), isTypical: true),
      CoderShape("users", [User].self, list(4500, user), isTypical: true),
      CoderShape("events with a dictionary", [Event].self, list(3600, event), isTypical: true),
      CoderShape("points", [Point].self, list(18_000, point), isTypical: true),
      CoderShape("numbers", [Double].self, list(60_000) { "\(Double($0 * 7919 % 1_000_003) / 128)" }, isTypical: true),
      CoderShape("texts", [String].self, list(7000) { text($0, words: 22) }, isTypical: true),
      CoderShape("JSON without a type", JSONValue.self, list(1500, order), isTypical: true),
    ]
  }

  private static func small() -> [CoderShape] {
    [
      CoderShape("one order", Order.self, order(7)),
      CoderShape("one user", User.self, user(7)),
      CoderShape("one number", Int.self, "12345"),
      CoderShape("a small object", [String: Int].self, #"{"a":1,"b":2}"#),
      CoderShape("null", JSONValue.self, "null"),
      CoderShape("small JSON without a type", JSONValue.self, order(7)),
    ]
  }

  private static func unusual() -> [CoderShape] {
    [
      CoderShape("integers", [Int].self, list(150_000) { "\($0 * 7919 % 1_000_003)" }),
      CoderShape("optional integers", [Int?].self, list(150_000) { $0 % 3 == 0 ? "null" : "\($0)" }),
      CoderShape("long doubles", [Double].self, list(50_000) { "\(Double($0 + 1).squareRoot())" }),
      CoderShape("matrix", [[Double]].self, list(300) { row in list(500) { "\(row).\($0)" } }),
      CoderShape("many small arrays", [[Int]].self, list(120_000) { "[\($0)]" }),
      CoderShape("many empty objects", [Empty].self, list(300_000) { _ in "{}" }),
      CoderShape("dictionary of integers", [String: Int].self, object(55_000) { "\($0)" }),
      CoderShape("dictionary of points", [String: Point].self, object(15_000, point)),
      CoderShape("wide: few of many members", Narrow.self, object(60_000) { "\($0)" }),
      CoderShape("wide: members in reverse order", [Reversed].self, list(8000, reversed)),
      CoderShape("wide: members by sorted keys", SortedKeys.self, object(40_000) { "\(40_000 - $0)" }),
      CoderShape("absent optional members", [Sparse].self, list(60_000) { #"{"id":\#($0)}"# }),
      CoderShape("one long string", [String].self, list(1) { _ in text(1, words: 150_000) }),
      CoderShape(
        "strings with escapes", [String].self, list(8000) { #""line \#($0)\n\t\"quoted\" \\ \u00e9\u20ac and so on""# }),
      CoderShape("nothing but escapes", String.self, "\"" + String(repeating: #"\u00e9\n"#, count: 120_000) + "\""),
      CoderShape("text that is not ASCII", [String].self, list(6000) { "\"\($0) Größe 測試文字列 😀 приклад тексту\"" }),
      CoderShape("deep arrays", [Deep].self, list(4500) { _ in nested(100) }),
      CoderShape("deep nodes", [Node].self, list(600) { _ in chain(100) }),
      CoderShape("deep JSON without a type", JSONValue.self, list(40) { _ in nested(100) }),
      CoderShape(
        "white space", [Point].self, list(6000) { point($0).replacingOccurrences(of: ",", with: ",\n          ") }),
      CoderShape("dates", [Date].self, list(40_000) { "\"2024-02-29T12:\(10 + $0 % 50):\(10 + $0 % 49)Z\"" }),
      CoderShape("UUIDs", [UUID].self, list(25_000) { _ in "\"0b7f4c6e-9d3a-4f10-8f2b-3a5f7f1f0c9e\"" }),
      CoderShape("base64", Data.self, "\"" + Data(repeating: 0x5A, count: 750_000).base64EncodedString() + "\""),
      CoderShape("enumerations", [Kind].self, list(100_000) { $0 % 2 == 0 ? #""small""# : #""large""# }),
      CoderShape(
        "enumerations with values", [Choice].self,
        list(30_000) { $0 % 2 == 0 ? #"{"number":{"_0":\#($0)}}"# : #"{"text":{"_0":"x"}}"# }),
      CoderShape("classes with super", [Derived].self, list(25_000) { #"{"own":\#($0),"super":{"base":1}}"# }),
    ]
  }

  /// Payloads that make a decoder throw or tell its coding path over and over.
  private static func hostile() -> [CoderShape] {
    [
      CoderShape(
        "caught: a string or an integer", [StringOrInt].self, list(64_000) { $0 % 2 == 0 ? "\"text \($0)\"" : "\($0)" }),
      CoderShape(
        "caught: lossy array", Lossy<Point>.self, list(18_000) { $0 % 2 == 0 ? "\"wrong \($0)\"" : point($0) }),
      CoderShape("caught: missing members", Lossy<User>.self, list(18_000, point), encodes: false),
      CoderShape("caught: any value by trial", AnyCodable.self, list(1500, order)),
      CoderShape("caught: in deep values", [AnyCodable].self, list(100) { _ in nested(60) }),
      CoderShape("caught: in a wide object", [String: StringOrInt].self, object(40_000) { "\"\($0)\"" }),
      CoderShape("paths: of every element", [Located].self, list(100_000) { "\($0)" }),
      CoderShape("paths: of every member", [String: Located].self, object(40_000) { "\($0)" }),
      CoderShape("paths: deep", [[[[[[[[Located]]]]]]]].self, list(4000) { "[[[[[[[\($0)]]]]]]]" }),
    ]
  }

  // MARK: Texts

  private static func list(_ count: Int, _ element: (Int) -> String) -> String {
    "[" + (0..<count).map(element).joined(separator: ",") + "]"
  }

  private static func object(_ count: Int, _ value: (Int) -> String) -> String {
    "{" + (0..<count).map { "\"key\($0 * 7919 % 1_000_003)\":\(value($0))" }.joined(separator: ",") + "}"
  }

  private static func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  }

  private static func chain(_ depth: Int) -> String {
    String(repeating: #"{"n":1,"next":"#, count: depth) + "null" + String(repeating: "}", count: depth)
  }

  private static func text(_ seed: Int, words: Int) -> String {
    let all = ["alpha", "beta", "gamma", "delta", "of", "the", "and", "quick", "invocation", "worker"]
    return "\"" + (0..<words).map { all[(seed &* 31 &+ $0 &* 17) % all.count] }.joined(separator: " ") + "\""
  }

  private static func point(_ n: Int) -> String {
    #"{"id":\#(n),"x":\#(Double(n) / 8),"y":\#(Double(n) * 0.5),"label":"p\#(n)"}"#
  }

  private static func user(_ n: Int) -> String {
    #"{"id":\#(n),"name":"User Number \#(n)","email":"user\#(n)@example.com","is_active":\#(n % 3 != 0),"age":\#(20 + n % 60),"#
      + #""score":\#(Double(n % 1000) / 4),"roles":["reader","writer"],"address":{"street":"Main Street \#(n % 100)","city":"Springfield","zip":"\#(10_000 + n)"}}"#
  }

  private static func event(_ n: Int) -> String {
    #"{"event_id":"evt-\#(n)-0b7f4c6e9d3a","type":"order.created","timestamp":"2024-02-29T12:\#(10 + n % 50):\#(10 + n % 49)Z","sequence":\#(n),"#
      + #""attributes":{"region":"eu-west-1","host":"worker-\#(n % 64)","version":"1.4.\#(n % 10)","trace":"4bf92f3577b34da6a3ce929d0e0e4736"},"retries":null}"#
  }

  private static func order(_ n: Int) -> String {
    let item = { (i: Int) in
      #"{"sku":"SKU-\#(n * 10 + i)","quantity":\#(1 + i),"price":\#(Double(100 + n % 900) / 8),"tags":["new","fragile"],"kind":"\#(i % 2 == 0 ? "small" : "large")"}"#
    }
    return
      #"{"id":\#(n),"customer":"Customer \#(n % 500)","paid":\#(n % 2 == 0),"note":\#(n % 4 == 0 ? "\"leave at the door\"" : "null"),"#
      + #""placed":"2024-02-29T12:\#(10 + n % 50):\#(10 + n % 49)Z","items":[\#((0..<5).map(item).joined(separator: ","))],"total":\#(Double(n) + 0.25)}"#
  }

  private static func reversed(_ n: Int) -> String {
    #"{"l":12,"k":11,"j":10,"i":9,"h":8,"g":7,"f":6,"e":5,"d":4,"c":3,"b":2,"a":\#(n)}"#
  }
}
