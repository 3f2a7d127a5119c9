internal import COpenSSL

/// Files that a setting names, and what is wrong with them.
enum PEMFile {
  static func check(_ file: String, _ setting: String) throws(TLSFailure) {
    ERR_clear_error()
    guard !file.utf8.contains(0) else { throw TLSFailure("\(setting) is no file name: it has a NUL") }
    let problem = copenssl_file_problem(file)
    ERR_clear_error()
    switch problem {
    case 0: return
    case copenssl_no_such_file(): throw TLSFailure("\(setting) names '\(file)', which does not exist")
    case copenssl_no_access(): throw TLSFailure("\(setting) names '\(file)', which this process may not read")
    default: throw TLSFailure("\(setting) names '\(file)', which cannot be opened (error \(problem))")
    }
  }

  static func noCertificate(_ file: String, _ setting: String) -> TLSFailure {
    TLSFailure("\(setting) is of no use: '\(file)' holds no certificate in PEM")
  }
}
