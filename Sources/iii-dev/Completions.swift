/// The shells that completions are made for.
enum Shell: String, CaseIterable, Sendable {
  case bash, zsh, fish

  var completions: String {
    switch self {
    case .bash: BashCompletions.text
    case .zsh: ZshCompletions.text
    case .fish: FishCompletions.text
    }
  }
}

/// `iii-dev completions`.
struct CompletionsCommand {
  private let shell: Shell?

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: [.help])
    guard !parsed.has("--help") else {
      shell = nil
      return
    }
    let known = Shell.allCases.map(\.rawValue).joined(separator: ", ")
    guard let name = parsed.operands.first else { throw UsageError(message: "missing SHELL: \(known)") }
    guard let shell = Shell(rawValue: name), parsed.operands.count == 1 else {
      throw UsageError(message: "there are no completions for '\(parsed.operands.joined(separator: " "))': \(known)")
    }
    self.shell = shell
  }

  func run(console: Console) -> ExitStatus {
    console.writeOut(shell?.completions ?? Help.text(of: .completions))
    return .success
  }
}

extension OptionDefinition {
  /// The names of the option, the long one first.
  fileprivate var names: [String] { [name] + (short.map { [$0] } ?? []) }
  /// Whether its value is the name of a file.
  fileprivate var takesFile: Bool { value == "FILE" }
}

extension String {
  /// In single quotes for bash and zsh; fish reads them in the same way if there is none inside.
  fileprivate var singleQuoted: String {
    "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}

private enum BashCompletions {
  static var text: String {
    """
    # bash completion for iii-dev

    _iii_dev() {
      local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} words= i
      COMPREPLY=()
      for ((i = 1; i < COMP_CWORD; i++)); do
        if [ "${COMP_WORDS[i]}" = -- ]; then
          if declare -F _command_offset >/dev/null; then _command_offset $((i + 1))
          elif [ $((i + 1)) -eq "$COMP_CWORD" ]; then COMPREPLY=($(compgen -c -- "$cur"))
          else COMPREPLY=($(compgen -f -- "$cur")); fi
          return
        fi
      done
      # `--option=value` is three words.
      if [ "$cur" = = ]; then cur=
      elif [ "$prev" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
      [ "$COMP_CWORD" -gt 1 ] || verb=
      case $verb in -*) verb= ;; esac
      case "$verb $prev" in
    \(valueCases)
      esac
      case $verb in
    \(verbCases)
      esac
      COMPREPLY=($(compgen -W "$words" -- "$cur"))
    }
    complete -F _iii_dev iii-dev

    """
  }

  /// What comes behind an option that takes a value.
  private static var valueCases: String {
    let options = CommandTable.entries.flatMap { entry in
      entry.options.filter { $0.value != nil }.flatMap { option in
        option.names.map { (pattern: "\"\(entry.verb?.rawValue ?? "") \($0)\"", takesFile: option.takesFile) }
      }
    }
    let files = options.filter(\.takesFile).map(\.pattern).joined(separator: "|")
    let others = options.filter { !$0.takesFile }.map(\.pattern).joined(separator: "|")
    return "    \(files)) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n    \(others)) return ;;"
  }

  private static var verbCases: String {
    let verbs = CommandTable.entries.compactMap { $0.verb?.rawValue }.joined(separator: " ")
    return CommandTable.entries.map { entry in
      let words = (entry.options.flatMap(\.names)).joined(separator: " ")
      guard let verb = entry.verb else {
        return """
              "") words="\(words)"; [ "$COMP_CWORD" -gt 1 ] || words="\(verbs) $words" ;;
          """
      }
      let own =
        entry.operands.isEmpty
        ? "" : "[ \"$COMP_CWORD\" -gt 2 ] || words=\"\(entry.operands.joined(separator: " ")) $words\""
      let file =
        entry.takesFile ? "[ \"$COMP_CWORD\" -gt 2 ] || { COMPREPLY=($(compgen -f -- \"$cur\")); return; }" : ""
      let steps = ["words=\"\(words)\"", own, file].filter { !$0.isEmpty }.joined(separator: "; ")
      return "    \(verb.rawValue)) \(steps) ;;"
    }.joined(separator: "\n")
  }
}

private enum ZshCompletions {
  static var text: String {
    """
    #compdef iii-dev
    # zsh completion for iii-dev

    _iii_dev() {
      local -a verbs
      verbs=(
    \(CommandTable.entries.compactMap { entry in entry.verb.map { "    \("\($0.rawValue):\(entry.forms.count == 1 ? entry.forms[0].about : entry.summary)".singleQuoted)" } }.joined(separator: "\n"))
      )
      if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        _describe -t commands command verbs
        return
      fi
      case $words[2] in
    \(CommandTable.entries.filter { $0.verb != nil }.map(verbCase).joined(separator: "\n"))
        *) _arguments -S \(CommandTable.serve.options.map(spec).joined(separator: " ")) ;;
      esac
    }

    if [ "$funcstack[1]" = _iii-dev ]; then _iii_dev "$@"; else compdef _iii_dev iii-dev; fi

    """
  }

  private static func verbCase(_ entry: CommandTable.Entry) -> String {
    var specs = entry.options.map(spec)
    if !entry.operands.isEmpty { specs.append("'1:command:(\(entry.operands.joined(separator: " ")))'") }
    if entry.takesFile { specs.append("'1:file:_files'") }
    if entry.takesCommand { specs.append("'*:::command:_normal'") }
    return
      "    \(entry.verb?.rawValue ?? "")) shift words; (( CURRENT-- )); _arguments -S \(specs.joined(separator: " ")) ;;"
  }

  private static func spec(_ option: OptionDefinition) -> String {
    var help = option.help
    for character in ["\\", "[", "]", ":"] { help.replace(character, with: "\\" + character) }
    let value = option.value.map { ":\($0):\(option.takesFile ? "_files" : " ")" } ?? ""
    let text = "[\(help)]\(value)".singleQuoted
    let all = option.names.joined(separator: ",")
    if option.isRepeatable { return "'*'\(option.names.count > 1 ? "{\(all)}" : option.name)\(text)" }
    return option.names.count > 1
      ? "'(\(option.names.joined(separator: " ")))'{\(all)}\(text)" : "\(option.name)\(text)"
  }
}

private enum FishCompletions {
  static var text: String {
    var lines = [
      "# fish completion for iii-dev", "", "complete -c iii-dev -f",
      "complete -c iii-dev -n 'contains -- -- (commandline -opc)' -a '(__fish_complete_command)'",
    ]
    for entry in CommandTable.entries {
      let isFirst =
        "not __fish_seen_subcommand_from \(CommandTable.entries.compactMap { $0.verb?.rawValue }.joined(separator: " "))"
      let verb = entry.verb?.rawValue
      let condition =
        (verb.map { "__fish_seen_subcommand_from \($0)" } ?? isFirst) + "; and not contains -- -- (commandline -opc)"
      if let verb {
        let about = entry.forms.count == 1 ? entry.forms[0].about : entry.summary
        lines.append("complete -c iii-dev -n __fish_use_subcommand -a \(verb) -d \(quoted(about))")
      }
      for option in entry.options { lines.append(line(option, condition)) }
      if !entry.operands.isEmpty {
        lines.append("complete -c iii-dev -n \(quoted(condition)) -a \(quoted(entry.operands.joined(separator: " ")))")
      }
      if entry.takesFile { lines.append("complete -c iii-dev -n \(quoted(condition)) -F") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func line(_ option: OptionDefinition, _ condition: String) -> String {
    var words = ["complete -c iii-dev -n \(quoted(condition))", "-l \(option.name.dropFirst(2))"]
    if let short = option.short { words.append("-s \(short.dropFirst())") }
    if option.value != nil { words.append(option.takesFile ? "-r -F" : "-x") }
    return (words + ["-d \(quoted(option.help))"]).joined(separator: " ")
  }

  private static func quoted(_ text: String) -> String {
    var text = text
    text.replace("\\", with: "\\\\")
    text.replace("'", with: "\\'")
    return "'\(text)'"
  }
}
