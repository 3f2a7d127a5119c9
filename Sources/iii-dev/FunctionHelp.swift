internal import III

/// What an engine knows of one function, as help for its caller.
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

  /// Asks for the function; `nil` if the engine has none of that id.
  static func find(_ functionID: String, in engine: EngineCaller) async throws(Failure) -> FunctionHelp? {
    try await engine.call { call throws(Failure) in
      let list = try await call(EngineFunctions.listFunctions, ["include_internal": true])
      guard case .array(let rows)? = list["functions"],
        let row = rows.first(where: { $0["function_id"] == .string(functionID) })
      else { return nil }
      if row["request_format"] ?? .null != .null { return FunctionHelp(row) }
      let details = try? await call(EngineFunctions.infoFunctions, ["function_id": .string(functionID)])
      return FunctionHelp(details ?? row, functionID: functionID)
    }
  }

  /// Reads a row of `engine::functions::list`, or what `engine::functions::info` tells.
  init(_ row: JSONValue, functionID: String? = nil) {
    self.functionID = functionID ?? Self.string(row["function_id"]) ?? ""
    description = Self.string(row["description"])
    let format = row["request_format"] ?? row["request_schema"]
    guard case .object(let properties)? = format?["properties"] else {
      parameters = nil
      return
    }
    var required: Set<String> = []
    if case .array(let names)? = format?["required"] { required = Set(names.compactMap(Self.string)) }
    parameters = properties.keys.map { name in
      Parameter(
        name: name, type: Self.type(properties[name]), isRequired: required.contains(name),
        description: Self.string(properties[name]?["description"]) ?? "")
    }
  }

  /// The help. What it shows comes from a worker: it cannot reach the terminal's controls.
  func text(isColoured: Bool) -> String {
    var parts = [Terminal.paint(PrintableText.escaped(functionID), .bold, if: isColoured)]
    if let description, !description.isEmpty { parts.append(PrintableText.escaped(description, keepingLines: true)) }
    parts.append("Usage: iii-dev trigger \(PrintableText.escaped(functionID)) [key=value ...] [--json '<obj>']")
    parts.append("Parameters:\n" + table)
    parts.append("Options:\n" + Help.table(TriggerOptions.definitions))
    return parts.joined(separator: "\n\n") + "\n"
  }

  private var table: String {
    guard let parameters else { return "  (no request schema published)" }
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

  /// `string`, `string|null`; `any` where the schema does not say.
  private static func type(_ schema: JSONValue?) -> String {
    switch schema?["type"] {
    case .string(let name): return name
    case .array(let names): return names.compactMap(string).joined(separator: "|")
    default:
      for key in ["anyOf", "oneOf"] {
        if case .array(let choices)? = schema?[key] { return choices.map { type($0) }.joined(separator: "|") }
      }
      return "any"
    }
  }

  private static func string(_ value: JSONValue?) -> String? {
    if case .string(let text) = value { text } else { nil }
  }
}
