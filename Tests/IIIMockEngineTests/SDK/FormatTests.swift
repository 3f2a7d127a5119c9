import III
import IIIMockEngine
import Testing

/// The forms of payloads and results that functions are registered with.
@Suite struct FormatTests {
  struct Order: Codable, Sendable { var item: String, count: Int? }

  /// Decodes nothing that is made up.
  struct Refusing: Codable, Sendable {
    struct Failure: Error {}

    init(from decoder: any Decoder) throws { throw Failure() }
    func encode(to encoder: any Encoder) throws {}
  }

  @Test("Formats are inferred by default, and as given otherwise") func formats() async throws {
    try await withMockEngine { engine in
      let worker = try await registerWorker(engine.url)
      try worker.registerFunction("inferred") { (order: Order) async throws -> [Order] in [order] }
      try worker.registerFunction("blocking") { (count: Int) throws -> Void in _ = count }
      try worker.registerFunction("json") { (value: JSONValue) async throws -> JSONValue in value }
      try worker.registerFunction("refusing") { (value: Refusing) async throws -> Refusing in value }
      try worker.registerFunction("none", requestFormat: .none, responseFormat: .none) {
        (order: Order) async throws -> Order in order
      }
      try worker.registerFunction(
        "given", requestFormat: .schema(["type": "object"]),
        responseFormat: .format(RegisterFunctionFormat(name: "order", type: "object"))
      ) { (order: Order) async throws -> Order in order }
      let functions = try await worker.listFunctions()
      let formats = Dictionary(
        uniqueKeysWithValues: functions.map { ($0.functionID, [$0.requestFormat, $0.responseFormat]) })
      #expect(formats["inferred"] == [jsonSchema(for: Order.self), jsonSchema(for: [Order].self)])
      #expect(formats["inferred"]?[0]?["required"] == ["item"])
      #expect(formats["blocking"] == [jsonSchema(for: Int.self), nil])
      #expect(formats["json"] == [nil, nil])
      #expect(formats["refusing"] == [nil, nil])
      #expect(formats["none"] == [nil, nil])
      #expect(formats["given"] == [["type": "object"], ["name": "order", "type": "object", "required": false]])
    }
  }
}
