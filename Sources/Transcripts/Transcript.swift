/// A recorded conversation: what workers said to an engine and what it answered.
package struct Transcript: Sendable, CustomStringConvertible {
  package let name: String
  /// One sentence about it.
  package let about: String
  /// The configuration of the engine that was recorded.
  package let config: String
  /// What the peers did and saw, in the order in which it happened.
  package let steps: [JSON]

  package var description: String { name }

  /// Why a text is no recording.
  package struct Unreadable: Error, CustomStringConvertible {
    package let description: String
  }

  package init(name: String, about: String, config: String, steps: [JSON]) {
    self.name = name
    self.about = about
    self.config = config
    self.steps = steps
  }

  /// Reads a recording.
  package init(parsing text: String) throws(Unreadable) {
    let document: JSON
    do { document = try JSON.parse(text) } catch {
      let offset = (error as? JSON.Unreadable)?.offset ?? 0
      throw Unreadable(description: "it is not JSON from byte \(offset) on")
    }
    guard let steps = document["steps"]?.array else {
      throw Unreadable(description: "it has no list `steps`")
    }
    guard !steps.isEmpty else { throw Unreadable(description: "its list `steps` is empty: nothing was recorded") }
    self.init(
      name: document["name"]?.string ?? "", about: document["about"]?.string ?? "",
      config: document["config"]?.string ?? "", steps: steps)
  }

  /// The recording as a text, a line for each step.
  package var text: String {
    let head: [(key: String, value: JSON)] = [
      ("name", .string(name)), ("about", .string(about)), ("config", .string(config)), ("playable", .bool(true)),
    ]
    let members = head.map { " \(JSON.string($0.key).text): \($0.value.text),\n" }.joined()
    return "{\n" + members + " \"steps\": [\n" + steps.map { "  " + $0.text }.joined(separator: ",\n") + "\n ]\n}\n"
  }
}
