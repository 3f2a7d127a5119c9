internal import III
internal import IIIMockEngine

/// `iii-dev access explain`: whether a function may be called, and which rule decides.
struct AccessCommand {
  private let options: AccessOptions
  private let console: Console

  init(_ options: AccessOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    guard let functionID = options.functionID, !options.wantsHelp else {
      console.writeOut(Help.text(of: .access))
      return .success
    }
    let engine = EngineCaller(url: options.url, timeout: .seconds(30))
    let input = options.input(functionID)
    let answer = try await engine.call { call throws(Failure) in
      do throws(Failure) {
        return try await call("mock::access::explain", input)
      } catch {
        guard error.text.contains("function_not_found") else { throw error }
        throw Failure(text: "this engine cannot explain access: it is a strict one, or not iii-dev")
      }
    }
    for line in Self.lines(answer, functionID) { console.out(line) }
    return answer["allowed"] == true ? .success : .failure
  }

  /// A line for the decision and one for each rule up to the one that decides.
  static func lines(_ answer: JSONValue, _ functionID: String) -> [String] {
    var lines = ["\(functionID): \(answer["allowed"] == true ? "allowed" : "denied")"]
    if case .array(let steps)? = answer["steps"] {
      for step in steps {
        guard case .string(let rule)? = step["rule"] else { continue }
        let verdict = if case .string(let text)? = step["verdict"] { text } else { "does not apply" }
        lines.append("  \(rule): \(verdict)")
      }
    }
    return lines
  }
}

/// The command line of `access`.
struct AccessOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(
      name: "--listener", value: "N", help: "The listener that a worker would connect to, counted from 0 (default: 0)"),
    OptionDefinition(
      name: "--header", value: "NAME:VALUE", isRepeatable: true,
      help: "A header of the worker's connection, for the auth function; may be repeated"),
    OptionDefinition(
      name: "--query", value: "QUERY", help: "The query of the worker's address, as a=1&b=2, for the auth function"),
    OptionDefinition(name: "--worker", value: "NAME", help: "Ask for a connected worker in place of a new one"),
    .address, .port,
    .help,
  ]

  private(set) var functionID: String?
  private(set) var listener: Int?
  private(set) var headers: JSONObject = [:]
  private(set) var query: String?
  private(set) var worker: String?
  private(set) var url: String
  private(set) var wantsHelp = false

  init(_ arguments: [String], environment: Variables = .process) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    wantsHelp = parsed.has("--help")
    query = parsed["--query"]
    worker = parsed["--worker"]
    url = try TriggerOptions.url(parsed, environment: environment)
    if let text = parsed["--listener"] {
      guard let number = Int(text), number >= 0 else {
        throw UsageError(message: "option '--listener': '\(text)' is not a number of a listener, counted from 0")
      }
      listener = number
    }
    for text in parsed.all("--header") {
      let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty else {
        throw UsageError(message: "option '--header': '\(text)' is not of the form NAME:VALUE")
      }
      headers[String(sides[0])] = .string(String(sides[1].drop { $0 == " " }))
    }
    if wantsHelp { return }
    if worker != nil, listener != nil || query != nil || !headers.isEmpty {
      throw UsageError(
        message: "option '--worker' names a connection that is there: leave out the options of a new one")
    }
    guard parsed.operands.first == "explain", parsed.operands.count == 2 else {
      throw UsageError(message: "expected: iii-dev access explain FUNCTION [OPTIONS]")
    }
    functionID = parsed.operands[1]
  }

  /// The input of `mock::access::explain`.
  func input(_ functionID: String) -> JSONValue {
    var input: JSONObject = ["function_id": .string(functionID)]
    if let worker { input["worker_name"] = .string(worker) }
    if let listener { input["listener"] = .int(Int64(listener)) }
    if let query { input["query"] = .string(query) }
    if !headers.isEmpty { input["headers"] = .object(headers) }
    return .object(input)
  }
}
