#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

exit(await Command.run(Array(CommandLine.arguments.dropFirst())).rawValue)
