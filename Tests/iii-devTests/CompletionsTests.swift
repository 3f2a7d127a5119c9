import Foundation
import Testing

@testable import iii_dev

@Suite(.timeLimit(.minutes(5))) struct CompletionsTests {
  /// Every verb and every long option of the command line.
  private static let words = CommandTable.entries.flatMap { entry in
    (entry.verb.map { [$0.rawValue] } ?? []) + entry.options.map { String($0.name.dropFirst(2)) } + entry.operands
  }

  @Test("each verb, option and operand is in the completions of each shell", arguments: Shell.allCases)
  func complete(shell: Shell) async {
    let result = await run("completions", shell.rawValue)
    #expect(result.status == .success)
    for word in Self.words { #expect(result.output.contains(word), "\(word)") }
  }

  @Test("each verb, option and operand is in the man page, without a character that troff does not know")
  func manPage() async {
    let result = await run("man")
    #expect(result.status == .success)
    for word in Self.words {
      #expect(result.output.contains(word.replacingOccurrences(of: "-", with: "\\-")), "\(word)")
    }
    let isPlain = result.output.unicodeScalars.allSatisfy { $0.isASCII }
    #expect(isPlain)
    #expect(!result.output.split(separator: "\n").contains { $0.hasPrefix("'") })
  }

  @Test("each verb is in the help, and has a help of its own")
  func help() async {
    let main = await run("--help")
    for verb in Command.Verb.allCases {
      #expect(main.output.contains("iii-dev \(verb.rawValue)"), "\(verb)")
      let own = await run(verb.rawValue, "--help")
      #expect(own.status == .success && own.output.contains("iii-dev \(verb.rawValue)"), "\(own)")
    }
  }

  @Test(
    "bash completes verbs, options, operands and files",
    arguments: [
      (["iii-dev", "ex"], ["exec"]), (["iii-dev", "exec", "--man"], ["--manual-clock"]),
      (["iii-dev", "queues", "re"], ["redrive", "resume"]), (["iii-dev", "completions", "z"], ["zsh"]),
      (["iii-dev", "--conf"], ["--config"]), (["iii-dev", "--config", "/etc/passw"], ["/etc/passwd"]),
      (["iii-dev", "replay", "/etc/passw"], ["/etc/passwd"]), (["iii-dev", "--port", ""], []),
      (["iii-dev", "exec", "--", "true"], ["true"]), (["iii-dev", "--strict", "--qui"], ["--quiet"]),
      (["iii-dev", "exec", "--config", "=", "/etc/passw"], ["/etc/passwd"]),
    ])
  func bash(words: [String], completions: [String]) async throws {
    let file = try TemporaryFile(Shell.bash.completions)
    let script = """
      . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _iii_dev; printf '%s\\n' "${COMPREPLY[@]}"
      """
    let end = try await Program.shell("bash", ["-c", script, file.path] + words)
    let found = Set(end.output.split(separator: "\n").map(String.init))
    #expect(end.errors == "" && found.isSuperset(of: completions), "\(end)")
    if completions.isEmpty { #expect(found.isEmpty) }
  }

  @Test(
    "a command line that is wrong is refused",
    arguments: [
      (["completions"], "missing SHELL: bash, zsh, fish"),
      (["completions", "tcsh"], "there are no completions for 'tcsh': bash, zsh, fish"),
      (["man", "x"], "unexpected argument 'x'"),
    ])
  func usage(arguments: [String], text: String) async {
    let end = await run(arguments)
    #expect(end.status == .usage && end.errors.contains(text), "\(end.errors)")
  }

  #if os(Linux)
    @Test("zsh and fish read their completions, where they are installed", arguments: [Shell.zsh, .fish])
    func syntax(shell: Shell) async throws {
      let path = "/usr/bin/\(shell.rawValue)"
      guard FileManager.default.isExecutableFile(atPath: path) else { return }
      let file = try TemporaryFile(shell.completions)
      let script =
        shell == .zsh
        ? "autoload -U compinit; compinit -D -u; source $0; print $_comps[iii-dev]"
        : "source $argv[1]; complete -C 'iii-dev ex'; complete -C 'iii-dev exec --man'; complete -C 'iii-dev queues re'"
      let end = try await Program.shell(path, (shell == .zsh ? ["-f"] : ["--no-config"]) + ["-c", script, file.path])
      let wanted = shell == .zsh ? ["_iii_dev"] : ["exec", "--manual-clock", "redrive", "resume"]
      for word in wanted { #expect(end.output.contains(word), "\(end)") }
      #expect(end.errors == "")
    }
  #endif
}

extension Program {
  /// Runs a shell to its end.
  fileprivate static func shell(
    _ name: String, _ arguments: [String]
  ) async throws -> (status: Int32?, output: String, errors: String) {
    // Through a program of the package, which passes its standard streams on.
    try await Program(["exec", "--", name] + arguments).end()
  }
}
