import UV

@testable import iii_dev

/// Runs a command line in this process: its exit status and what it writes.
func run(_ arguments: String...) async -> (status: iii_dev.ExitStatus, output: String, errors: String) {
  await run(arguments)
}

/// As above.
func run(_ arguments: [String]) async -> (status: iii_dev.ExitStatus, output: String, errors: String) {
  let texts = Lock(("", ""))
  let console = Console(
    writeOut: { text in texts.withLock { $0.0 += text } }, writeError: { text in texts.withLock { $0.1 += text } })
  let status = await Command.run(arguments, console: console)
  let (output, errors) = texts.withLock { $0 }
  return (status, output, errors)
}
