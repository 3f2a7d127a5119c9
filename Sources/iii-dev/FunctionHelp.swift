internal import III

/// The help for one function, from the engine's information about it.
struct FunctionHelp: Equatable {
  struct Parameter: Equatable {
    let name: String
    let type: String
    let isRequired: Bool
    let description: String
  }

  let functionID: String
  let description: String?
  /// `nil` if the function has no schema of its payload.
  let parameters: [Parameter]?
  /// The type of a payload that is not an object; `nil` if the schema has no type.
  let payloadType: String?

  /// Asks the engine for the function; `nil` if it has none with that id.
  static func find(_ functionID: String, using call: EngineCaller.Call) async throws(Failure) -> FunctionHelp? {
    let list = try await call(EngineFunctions.listFunctions, ["include_internal": true])
    guard case .array(let rows)? = list["functions"],
      let row = rows.first(where: { $0["function_id"] == .string(functionID) })
    else { return nil }
    if row["request_format"] ?? .null != .null { return FunctionHelp(row) }
    let details = try? await call(EngineFunctions.infoFunctions, ["function_id": .string(functionID)])
    return FunctionHelp(details ?? row, functionID: functionID)
  }

  /// Reads a row of `engine::functions::list`, or the result of `engine::functions::info`.
  init(_ row: JSONValue, functionID: String? = nil) {
    self.functionID = functionID ?? Self.string(row["function_id"]) ?? ""
    description = Self.string(row["description"])
    let schema = Schema(root: row["request_format"] ?? row["request_schema"] ?? .null)
    let format = schema.resolved(schema.root)
    guard case .object(let properties)? = format["properties"] else {
      parameters = nil
      let type = schema.type(of: format)
      payloadType = type == "any" ? nil : type
      return
    }
    payloadType = nil
    let required = Set((format["required"]?.arrayValue ?? []).compactMap(\.stringValue))
    parameters = properties.map { name, property in
      Parameter(
        name: name, type: schema.type(of: property), isRequired: required.contains(name),
        description: schema.description(of: property))
    }
  }

  /// A JSON Schema, whose parts may refer to its definitions.
  private struct Schema {
    let root: JSONValue

    /// The definition that a schema refers to, or the schema itself.
    func resolved(_ schema: JSONValue) -> JSONValue {
      var schema = schema
      // A definition may be only a reference, even one to itself.
      for _ in 0..<8 {
        guard let reference = schema["$ref"]?.stringValue, reference.hasPrefix("#/"),
          let target = reference.dropFirst(2).split(separator: "/").reduce(Optional(root), { $0?[String($1)] })
        else { break }
        schema = target
      }
      return schema
    }

    /// `string`, `string|null`, `integer[]`; `any` if the schema has no type.
    func type(of schema: JSONValue, depth: Int = 0) -> String {
      let schema = resolved(schema)
      // Schemas come from workers, which may nest them too deeply.
      guard depth < 4 else { return "any" }
      switch schema["type"] {
      case "array": return arrayType(schema, depth)
      case .string(let name): return name
      case .array(let names):
        return names.compactMap(\.stringValue).map { $0 == "array" ? arrayType(schema, depth) : $0 }.joined(
          separator: "|")
      default:
        for key in ["anyOf", "oneOf"] {
          guard let choices = schema[key]?.arrayValue else { continue }
          return choices.map { type(of: $0, depth: depth + 1) }.joined(separator: "|")
        }
        return "any"
      }
    }

    private func arrayType(_ schema: JSONValue, _ depth: Int) -> String {
      guard let items = schema["items"] else { return "array" }
      let type = type(of: items, depth: depth + 1)
      return type.contains("|") ? "(\(type))[]" : "\(type)[]"
    }

    /// The description, with the values of an enumeration.
    func description(of schema: JSONValue) -> String {
      let target = resolved(schema)
      var parts = [schema["description"]?.stringValue ?? target["description"]?.stringValue].compactMap { $0 }
      if let values = target["enum"]?.arrayValue {
        let names = values.filter { $0 != .null }.prefix(12).map { $0.stringValue ?? $0.jsonString() }
        parts.append("one of \(names.joined(separator: ", "))\(values.count > 12 ? " …" : "")")
      }
      return parts.joined(separator: "; ")
    }
  }

  /// The help as text. Parts of it come from a worker, so control characters are escaped.
  func text(isColoured: Bool) -> String {
    var parts = [Terminal.paint(PrintableText.escaped(functionID), .bold, if: isColoured)]
    if let description, !description.isEmpty { parts.append(PrintableText.escaped(description, keepingLines: true)) }
    parts.append("Usage: iii-dev trigger \(PrintableText.escaped(functionID)) [key=value ...] [--json '<obj>']")
    parts.append("Parameters:\n" + table)
    parts.append("Options:\n" + Help.table(TriggerOptions.definitions))
    return parts.joined(separator: "\n\n") + "\n"
  }

  private var table: String {
    guard let parameters else {
      return payloadType.map { "  (none; the payload is \(PrintableText.escaped($0)): --json)" }
        ?? "  (no request schema published)"
    }
    guard !parameters.isEmpty else { return "  (none)" }
    let rows =
      [["NAME", "TYPE", "REQUIRED", "DESCRIPTION"]]
      + parameters.map { parameter in
        [parameter.name, parameter.type, parameter.isRequired ? "yes" : "no", parameter.description]
          .map { PrintableText.escaped($0) }
      }
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = (0..<3).map { row[$0] + String(repeating: " ", count: widths[$0] - row[$0].count) }
      let line = "  " + (cells + [row[3]]).joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  private static func string(_ value: JSONValue?) -> String? {
    if case .string(let text) = value { text } else { nil }
  }
}
