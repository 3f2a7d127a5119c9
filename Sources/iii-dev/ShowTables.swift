internal import III
internal import IIIMockEngine

/// The answers of an engine as tables.
struct ShowTables {
  private let options: ShowOptions
  private let isColoured: Bool

  init(_ options: ShowOptions, isColoured: Bool) {
    self.options = options
    self.isColoured = isColoured
  }

  func lines(_ answer: JSONValue) -> [String] {
    switch options.subject {
    case .functions:
      return table(answer["functions"], ["FUNCTION", "WORKER", "DESCRIPTION"], "no functions") {
        [cell($0["function_id"]), cell($0["worker_name"]), TextTable.cut(cell($0["description"]))]
      }
    case .workers: return workers(answer["workers"])
    case .triggers:
      return table(answer["registered_triggers"], ["TYPE", "FUNCTION", "CONFIG", "ID"], "no triggers") {
        [cell($0["trigger_type"]), cell($0["function_id"]), TextTable.cut(cell($0["config_summary"])), cell($0["id"])]
      }
    case .state: return state(answer)
    case .streams: return streams(answer)
    case .logs:
      let records = answer["logs"]?.arrayValue ?? []
      guard !records.isEmpty else { return ["no records"] }
      return records.reversed().map(record)
    case .traces: return options[0] == nil ? traces(answer) : tree(answer["roots"]?.arrayValue ?? [])
    case .status: return status(answer)
    }
  }

  private func cell(_ value: JSONValue?) -> String { TextTable.cell(value) }

  private func table(
    _ rows: JSONValue?, _ titles: [String], _ none: String, _ row: (JSONValue) -> [String]
  ) -> [String] {
    guard let rows = rows?.arrayValue, !rows.isEmpty else { return [none] }
    return TextTable.lines(titles, rows.map(row))
  }

  private func workers(_ rows: JSONValue?) -> [String] {
    table(rows, ["WORKER", "RUNTIME", "VERSION", "FUNCTIONS", "RUNNING", "ADDRESS", "ID"], "no workers") {
      [
        cell($0["name"]), cell($0["runtime"]), cell($0["version"]), cell($0["function_count"]),
        cell($0["active_invocations"]), cell($0["ip_address"]), cell($0["id"]),
      ]
    }
  }

  // MARK: State and streams

  private func state(_ answer: JSONValue) -> [String] {
    if options[1] != nil { return [PrettyJSON.text(answer)] }
    if options[0] == nil { return table(answer["groups"], ["SCOPE"], "no scopes") { [cell($0)] } }
    return entries(answer, "KEY", "key", "scope '\(options[0] ?? "")' has no keys")
  }

  private func streams(_ answer: JSONValue) -> [String] {
    if options[2] != nil { return [PrettyJSON.text(answer)] }
    if options[1] != nil { return entries(answer, "ITEM", "item_id", "group '\(options[1] ?? "")' has no items") }
    if options[0] != nil {
      return table(answer, ["GROUP"], "stream '\(options[0] ?? "")' has no groups") { [cell($0)] }
    }
    return table(answer["stream"], ["STREAM", "GROUPS"], "no streams") { stream in
      [
        cell(stream["id"]),
        TextTable.cut((stream["groups"]?.arrayValue ?? []).map { cell($0) }.joined(separator: ", ")),
      ]
    }
  }

  /// The values of a scope or a group; an engine that is not this one does not name their keys.
  private func entries(_ answer: JSONValue, _ title: String, _ name: String, _ none: String) -> [String] {
    if let entries = answer["entries"] {
      return table(entries, [title, "VALUE"], none) { [cell($0[name]), TextTable.short($0["value"])] }
    }
    return table(answer, ["VALUE"], none) { [TextTable.short($0)] }
  }

  // MARK: Logs

  /// A record in the format of the engine's own log.
  func record(_ record: JSONValue) -> String {
    var severity: Int32 = 0
    if case .int(let number)? = record["severity_number"] { severity = Int32(clamping: number) }
    var line = LogLine(EngineLogLevel(severity: severity), record["body"]?.stringValue ?? "")
    line.target = record["service_name"]?.stringValue ?? "unknown"
    for (name, value) in record["attributes"]?.objectValue ?? [:] {
      line.add(name, value.stringValue ?? value.jsonString())
    }
    if let trace = record["trace_id"]?.stringValue { line.add("trace_id", trace) }
    let time = LocalTime(nanosecondsSince1970: nanoseconds(record["timestamp_unix_nano"]))
    let text = LogFormatter(isColoured: isColoured).text(line, at: time)
    return String(text.dropLast())
  }

  private func nanoseconds(_ value: JSONValue?) -> UInt64 {
    switch value {
    case .int(let number)?: UInt64(clamping: number)
    case .uint(let number)?: number
    default: 0
    }
  }

  // MARK: Traces

  private func traces(_ answer: JSONValue) -> [String] {
    var lines = table(answer["spans"], ["STARTED", "SPAN", "SERVICE", "DURATION", "STATUS", "TRACE"], "no traces") {
      [
        LocalTime(nanosecondsSince1970: nanoseconds($0["start_time_unix_nano"])).clock, cell($0["name"]),
        cell($0["service_name"]), duration($0), cell($0["status"]), cell($0["trace_id"]),
      ]
    }
    if case .int(let total)? = answer["total"], let shown = answer["spans"]?.arrayValue?.count, Int(total) > shown {
      lines.append("… and \(Int(total) - shown) more: `--limit`")
    }
    return lines
  }

  private func tree(_ roots: [JSONValue]) -> [String] {
    var rows: [[String]] = []
    // Newest first on the stack; the depth comes from the engine, which bounds it.
    var rest = roots.reversed().map { (span: $0, depth: 0) }
    while let (span, depth) = rest.popLast() {
      rows.append([
        String(repeating: "  ", count: depth) + cell(span["name"]), cell(span["service_name"]), duration(span),
        [cell(span["status"]), span["status_description"].map { cell($0) }].compactMap { $0 }.joined(separator: ": "),
      ])
      rest += (span["children"]?.arrayValue ?? []).reversed().map { ($0, depth + 1) }
    }
    return TextTable.lines(["SPAN", "SERVICE", "DURATION", "STATUS"], rows)
  }

  private func duration(_ span: JSONValue) -> String {
    let (start, end) = (nanoseconds(span["start_time_unix_nano"]), nanoseconds(span["end_time_unix_nano"]))
    return EngineCaller.text(.nanoseconds(Int64(clamping: end > start ? end - start : 0)))
  }

  // MARK: Status

  private func status(_ answer: JSONValue) -> [String] {
    var rows = [["engine", "version \(cell(answer["version"]))"]]
    if case .int(let milliseconds)? = answer["uptime_ms"] {
      rows.append(["running for", Self.span(seconds: milliseconds / 1000)])
    }
    for address in answer["addresses"]?.arrayValue ?? [.string(options.url)] {
      rows.append(["workers at", cell(address)])
    }
    if let url = answer["http_url"] { rows.append(["HTTP at", cell(url)]) }
    if let url = answer["stream_url"] { rows.append(["streams at", cell(url)]) }
    if case .object(let kinds)? = answer["connections"] {
      let texts = kinds.compactMap { name, value -> String? in
        guard case .int(let count) = value, count > 0 else { return nil }
        return TextTable.count(Int(count), PrintableText.escaped(name))
      }
      rows.append(["connections", texts.isEmpty ? "none" : texts.joined(separator: ", ")])
    }
    for name in ["functions", "triggers"] { rows.append([name, cell(answer[name])]) }
    if let queues = answer["queues"]?.arrayValue { rows.append(["queues", Self.queues(queues)]) }
    let width = rows.map { $0[0].count }.max() ?? 0
    var lines = rows.map { $0[0] + String(repeating: " ", count: width - $0[0].count + 2) + $0[1] }
    if let connected = answer["connected"], connected.arrayValue?.isEmpty == false {
      lines += [""] + workers(connected)
    }
    return lines
  }

  private static func queues(_ queues: [JSONValue]) -> String {
    func sum(_ names: [String]) -> Int {
      queues.reduce(0) { sum, queue in
        sum + names.reduce(0) { if case .int(let count)? = queue[$1] { $0 + Int(count) } else { $0 } }
      }
    }
    return "\(queues.count), with \(TextTable.count(sum(["waiting", "in_flight", "delayed"]), "job")) and "
      + TextTable.count(sum(["dead"]), "dead letter")
  }

  private static func span(seconds: Int64) -> String {
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(seconds % 60) s" : "\(seconds) s"
  }
}

extension LocalTime {
  fileprivate init(nanosecondsSince1970 time: UInt64) {
    self.init(
      secondsSince1970: Int(time / 1_000_000_000), milliseconds: Int(time / 1_000_000 % 1000))
  }
}
