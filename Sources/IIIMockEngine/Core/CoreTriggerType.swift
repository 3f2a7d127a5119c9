/// The trigger types of `iii-engine-functions`.
enum CoreTriggerType: String, CaseIterable {
  case functionsAvailable = "engine::functions-available"
  case workersAvailable = "engine::workers-available"

  var manifestType: BuiltInTriggerType {
    switch self {
    case .functionsAvailable:
      BuiltInTriggerType(id: rawValue, description: "Triggered when functions are registered/unregistered")
    case .workersAvailable:
      BuiltInTriggerType(id: rawValue, description: "Triggered when workers connect/disconnect")
    }
  }
}
