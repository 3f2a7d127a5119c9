internal import UV

/// What a worker reads from its process and machine. It is a value, so that tests need not change the process.
struct Environment: Sendable {
  var variables: @Sendable (String) -> String?
  var hostName: String
  var processID: Int
  var kernel: String?
  var projectName: String?

  /// The value of a variable; an empty or blank value counts as not set.
  subscript(_ name: String) -> String? {
    variables(name).flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
  }

  /// A variable of this process; an empty or blank value counts as not set.
  static func variable(_ name: String) -> String? {
    SystemInfo.environment(name).flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
  }

  /// The environment of this process.
  static var current: Environment {
    Environment(
      variables: SystemInfo.environment, hostName: SystemInfo.hostName ?? "localhost",
      processID: SystemInfo.processID,
      kernel: SystemInfo.kernel.map { "\($0.name) \($0.release) (\($0.machine))" },
      projectName: projectName(in: SystemInfo.currentDirectory) { SystemInfo.file($0, limit: 64 << 10) })
  }

  /// The name of the package whose manifest is in `directory`, else the directory's name; `nil` at the root.
  static func projectName(in directory: String?, reading file: (String) -> [UInt8]?) -> String? {
    guard let directory else { return nil }
    if let manifest = file(directory + "/Package.swift"),
      let name = packageName(String(decoding: manifest, as: UTF8.self))
    {
      return name
    }
    return directory.split(separator: "/").last.map(String.init)
  }

  /// The string literal of `name:` in the manifest's `Package(` call.
  static func packageName(_ manifest: String) -> String? {
    // Lines that are comments are left out.
    let code = manifest.split(separator: "\n").filter { !$0.drop { $0.isWhitespace }.hasPrefix("//") }.joined(
      separator: "\n")
    guard let call = code.firstRange(of: "Package("), let label = code[call.upperBound...].firstRange(of: "name:")
    else {
      return nil
    }
    let value = code[label.upperBound...].drop { $0.isWhitespace }
    guard value.first == "\"" else { return nil }
    let name = value.dropFirst().prefix { $0 != "\"" && $0 != "\n" }
    return name.isEmpty || name.contains("\\") ? nil : String(name)
  }
}
