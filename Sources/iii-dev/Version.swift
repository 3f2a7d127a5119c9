/// The version of the package. `Package.swift` cannot hold it.
let packageVersion = "0.1.0"
