internal import III

extension JournalEntry {
  /// The entry as a line of JSON Lines, with its line feed. Secrets are redacted.
  public var jsonLine: String { json.jsonString() + "\n" }

  /// The entry as an object for files and for `mock::journal::list`, without secrets.
  var json: JSONValue {
    var object: JSONObject = ["number": .uint(number), "time": .double(time.seconds), "event": .string(event.name)]
    if let connection {
      object["connection"] = .int(Int64(connection.number))
      object["worker_id"] = connection.worker.map { .string($0.id) }
      object["worker"] = connection.worker.map { .string($0.name ?? "") } ?? .string(connection.role)
    }
    event.write(into: &object)
    return .object(object)
  }
}

extension RecordedInvocation {
  /// As `mock::journal::list` shows calls, without secrets.
  var json: JSONValue {
    var object: JSONObject = [
      "function_id": .string(functionID), "payload": payload.map { SecretFilter.redact($0) } ?? .null,
      "caller": caller.map { .string($0.description) } ?? .null,
      "callee": callee.map { .string($0.description) } ?? .null,
      "time": .double(begin.seconds), "duration": duration.map { .double($0.seconds) } ?? .null,
    ]
    object["invocation_id"] = invocationID.map { .string($0) }
    switch outcome {
    case .pending: object["outcome"] = "pending"
    case .returned(let value):
      object["outcome"] = "returned"
      object["result"] = .some(SecretFilter.redact(value))
    case .failed(let code, let message):
      object["outcome"] = "failed"
      object["error"] = ["code": .string(code), "message": .string(message)]
    }
    return .object(object)
  }
}

extension JournalEntry.Event {
  /// What the JSON form calls the event.
  var name: String {
    switch self {
    case .opened: "opened"
    case .refused: "refused"
    case .closed: "closed"
    case .frame: "frame"
    case .denied: "denied"
    case .ignored: "ignored"
    case .fault: "fault"
    case .noted: "note"
    }
  }

  fileprivate func write(into object: inout JSONObject) {
    switch self {
    case .opened(let address, let listener):
      object["address"] = .string(address)
      object["listener"] = .int(Int64(listener))
    case .refused(let reason), .closed(let reason): object["reason"] = .string(reason)
    case .frame(let frame): frame.write(into: &object)
    case .denied(let denial):
      object["attempt"] = .string(denial.attempt.rawValue)
      object["id"] = .string(denial.id)
      object["reason"] = .string(denial.reason)
    case .ignored(let diagnostic):
      object["type"] = .string(diagnostic.kind)
      object["reason"] = .string(diagnostic.problem)
      object["hint"] = diagnostic.hint.map { .string($0) }
    case .fault(let id, let fault, let effect):
      object["fault"] = .int(Int64(id))
      object["kind"] = .string(fault)
      object["effect"] = .string(effect)
    case .noted(let event): object["text"] = .string("\(event)")
    }
  }
}

extension JournalFrame {
  fileprivate func write(into object: inout JSONObject) {
    object["direction"] = .string(direction.rawValue)
    object["type"] = .string(type?.rawValue ?? "\(form)")
    object["function_id"] = functionID.map { .string($0) }
    object["invocation_id"] = invocationID.map { .string($0) }
    object["size"] = .int(Int64(size))
    object["route"] = route.map { .string($0.text) }
    object["source"] = source.map { .uint($0) }
    if isCut {
      // Secrets cannot be told from the rest in a part of a JSON text.
      object["cut"] = true
    } else if let message = try? JSONValue(parsing: text) {
      object["message"] = .some(SecretFilter.redact(message))
    } else if !text.isEmpty {
      object["text"] = .string(text)
    }
  }
}

extension JournalFrame.Route {
  fileprivate var text: String {
    switch self {
    case .worker(let label): label.description
    case .builtIn: "built-in"
    case .notFound: "not found"
    case .denied: "denied"
    case .middleware: "middleware"
    case .queue: "queue"
    case .stub: "stub"
    }
  }
}

extension Duration {
  /// Seconds, for texts.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds / 1_000_000_000) / 1e9 }
}
