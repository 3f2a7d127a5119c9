import III
import IIIMockEngine
import Testing

@testable import iii_dev

@Suite struct LogFormatterTests {
  static let time = LocalTime(secondsSince1970: 1_769_847_563, milliseconds: 41)
  static let worker = WorkerLabel(id: "3f2a90c1-0000-4000-8000-000000000000", name: "orders")

  /// The lines of an event without their times.
  private func text(_ event: EngineEvent) -> String {
    LogLine.lines(for: event).map { line in
      String(LogFormatter().text(line, at: Self.time).drop { $0 != "]" }.dropFirst(2))
    }.joined()
  }

  @Test(
    arguments: [
      (.listening(url: "ws://0.0.0.0:49134"), "[INFO] iii Engine listening on address: 0.0.0.0:49134\n"),
      (.workerConnected(worker), "[DEBUG] iii Worker 3f2a90c1-0000-4000-8000-000000000000 connected\n"),
      (
        .workerNamed(worker),
        "[INFO] iii Worker 'orders' connected\n    └ worker_id: \"3f2a90c1-0000-4000-8000-000000000000\"\n"
      ),
      (
        .workerDisconnected(worker, reason: "it closed the connection"),
        "[INFO] iii Worker 'orders' disconnected: it closed the connection\n"
          + "    └ worker_id: \"3f2a90c1-0000-4000-8000-000000000000\"\n"
      ),
      (
        .functionRegistered(id: "math::add", worker: worker, replaced: false),
        "[INFO] iii [REGISTERED] Function math::add\n    └ worker: \"orders (3f2a90c1)\"\n"
      ),
      (
        .functionRegistered(id: "math::add", worker: worker, replaced: true),
        "[WARN] iii Function math::add is already registered. Overwriting.\n"
          + "[INFO] iii [REGISTERED] Function math::add\n    └ worker: \"orders (3f2a90c1)\"\n"
      ),
      (
        .functionUnregistered(id: "math::add", worker: worker),
        "[INFO] iii [UNREGISTERED] Function math::add\n    └ worker: \"orders (3f2a90c1)\"\n"
      ),
      (
        .invocationFailed(functionID: "math::add", code: "invocation_failed", message: "no sum", caller: worker),
        "[WARN] iii Invocation of math::add failed: no sum\n"
          + "    ├ code: \"invocation_failed\"\n    └ caller: \"orders (3f2a90c1)\"\n"
      ),
      (
        .frameIgnored(
          Diagnostic(worker: worker, kind: "invokefunction", problem: "missing field `data`", hint: "send it")),
        "[WARN] iii A frame `invokefunction` of orders (3f2a90c1) was ignored: missing field `data`\n"
          + "    └ hint: \"send it\"\n"
      ),
      (
        .frameIgnored(Diagnostic(worker: worker, kind: "frame", problem: "no JSON")),
        "[WARN] iii A frame of orders (3f2a90c1) was ignored: no JSON\n"
      ),
      (
        .slowWorker(worker: worker, unsentBytes: 17),
        "[WARN] iii orders (3f2a90c1) does not read: 17 bytes wait for it\n"
      ),
      (
        .logged(EngineLogRecord(body: "paid", attributes: ["order": 7], serviceName: "orders", traceID: "0af7")),
        "[INFO] orders paid\n    ├ data: \"{\"order\":7}\"\n    └ trace_id: \"0af7\"\n"
      ),
      (
        .logged(
          EngineLogRecord(
            body: "paid", attributes: ["service.name": "till", "span_id": "b7", "log.data": [7]],
            serviceName: "orders")), "[INFO] orders [till] paid\n    └ data: \"[7]\"\n"
      ),
      (.logged(EngineLogRecord(body: "broken", severityText: "ERROR", severityNumber: 17)), "[ERROR] iii broken\n"),
      (.logged(EngineLogRecord(body: "odd", severityText: "Custom", severityNumber: 0)), "[INFO] iii odd\n"),
      (.logged(EngineLogRecord(body: "fine", severityNumber: 4, serviceName: "a\nb")), "[TRACE] a\\nb fine\n"),
      (.warning("careful"), "[WARN] iii careful\n"),
    ] as [(EngineEvent, String)])
  func events(event: EngineEvent, expected: String) {
    #expect(text(event) == expected)
  }

  /// Names of workers and functions cannot forge log lines or control the terminal.
  @Test func namesAreEscaped() {
    let text = text(
      .functionRegistered(
        id: "a\n[12:00:00.000 AM] [INFO] iii forged\u{1B}[2J", worker: WorkerLabel(id: "x\u{9B}", name: "n\r\u{202E}"),
        replaced: false))
    #expect(
      text == "[INFO] iii [REGISTERED] Function a\\n[12:00:00.000 AM] [INFO] iii forged\\u{1b}[2J\n"
        + "    └ worker: \"n\\r\\u{202e} (x\\u{9b})\"\n")
  }

  @Test func json() throws {
    let line = LogLine(.warn, "say \"hi\"\n\u{1B}", ["worker": "a", "code": "b"])
    let text = LogFormatter(format: .json, isColoured: true).text(line, at: Self.time)
    #expect(text.hasSuffix("}\n"))
    #expect(text.dropLast().allSatisfy { $0 != "\n" && $0 != "\u{1B}" })
    #expect(
      try JSONValue(parsing: text) == [
        "timestamp": "2026-01-31T08:19:23.041Z", "level": "WARN", "target": "iii", "message": "say \"hi\"\n\u{1B}",
        "worker": "a", "code": "b",
      ])
  }

  @Test func coloursOnlyWhereAsked() {
    let line = LogLine(.error, "x")
    #expect(!LogFormatter().text(line, at: Self.time).contains("\u{1B}"))
    #expect(LogFormatter(isColoured: true).text(line, at: Self.time).contains("\u{1B}[31m[ERROR]\u{1B}[0m"))
  }

  @Test(
    arguments: [
      ([:], true), (["NO_COLOR": "1"], false), (["NO_COLOR": ""], true), (["CLICOLOR": "0"], false),
      (["CLICOLOR": "1"], true), (["TERM": "dumb"], false),
    ] as [([String: String], Bool)])
  func colourOfTheEnvironment(variables: [String: String], isAllowed: Bool) {
    #expect(Terminal.allowsColour(Variables(variables)) == isAllowed)
  }

  @Test(arguments: [
    (0, 5, "12:05:07.009 AM"), (1, 5, "01:05:07.009 AM"), (11, 59, "11:59:07.009 AM"), (12, 0, "12:00:07.009 PM"),
    (13, 0, "01:00:07.009 PM"), (23, 0, "11:00:07.009 PM"),
  ])
  func clock(hour: Int, minute: Int, expected: String) {
    #expect(LocalTime.clock(hour: hour, minute: minute, second: 7, 9) == expected)
  }

  @Test func longTextsAreCut() {
    let line = LogLine(.info, String(repeating: "x", count: 100_000), ["a": String(repeating: "y", count: 100_000)])
    #expect(line.message.count == LogLine.maxTextLength + 1)
    #expect(line.fields[0].value.hasSuffix("y…"))
    let oneCharacter = "a" + String(repeating: "\u{301}", count: 100_000)
    #expect(LogLine(.info, oneCharacter).message.unicodeScalars.count == LogLine.maxTextLength + 1)
  }
}
