// swift-tools-version: 6.0
import PackageDescription

/// What every Swift target of the package is built with.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "iii",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "III", targets: ["III"]),
    .library(name: "IIIMockEngine", targets: ["IIIMockEngine"]),
    .library(name: "IIIMockEngineTesting", targets: ["IIIMockEngineTesting"]),
    .executable(name: "iii-dev", targets: ["iii-dev"]),
  ],
  targets: [
    .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    // Without `pkgConfig`, which would link it: it is loaded when it is needed.
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .target(name: "UV", dependencies: ["CUV"], swiftSettings: swiftSettings),
    .target(name: "III", dependencies: ["UV", "COpenSSL"], swiftSettings: swiftSettings),
    .target(
      name: "IIIMockEngine", dependencies: ["III", "UV", "CCurl", "CSQLite", "CYAML"], swiftSettings: swiftSettings),
    .target(
      name: "IIIMockEngineTesting", dependencies: ["III", "IIIMockEngine", "UV"], swiftSettings: swiftSettings),
    .target(name: "Transcripts", dependencies: ["III"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "iii-dev", dependencies: ["III", "IIIMockEngine", "Transcripts", "UV"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "websocket-echo", dependencies: ["III", "UV"], path: "Tests/Autobahn/Echo", swiftSettings: swiftSettings),
    .executableTarget(
      name: "interop-worker", dependencies: ["III"], path: "Tests/Interop/Worker", swiftSettings: swiftSettings),
    .executableTarget(
      name: "blocking-example", dependencies: ["III"], path: "Tests/Examples/Blocking", swiftSettings: swiftSettings),
    .executableTarget(
      name: "store-writer", dependencies: ["III", "IIIMockEngine", "UV"], path: "Tests/StoreWriter",
      swiftSettings: swiftSettings),
    .target(name: "TestSupport", dependencies: ["UV"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
    .executableTarget(
      name: "bench", dependencies: ["CUV", "COpenSSL", "III", "IIIMockEngine", "UV"], path: "Benchmarks",
      swiftSettings: swiftSettings),
    .target(
      name: "Fuzzing", dependencies: ["CTestAuthority", "III", "IIIMockEngine", "TestSupport", "UV"],
      path: "Tests/Fuzz/Fuzzing",
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "fuzz", dependencies: ["Fuzzing", "TestSupport"], path: "Tests/Fuzz/Command", swiftSettings: swiftSettings),
    .testTarget(name: "FuzzTests", dependencies: ["Fuzzing", "III", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "TranscriptTests", dependencies: ["III", "IIIMockEngine", "TestSupport", "Transcripts"],
      path: "Tests/Transcripts",
      exclude: ["Data"], swiftSettings: swiftSettings),
    .testTarget(name: "UVTests", dependencies: ["TestSupport", "UV"], swiftSettings: swiftSettings),
    .target(name: "CTestAuthority", dependencies: ["COpenSSL"], path: "Tests/CTestAuthority"),
    .testTarget(
      name: "IIITests", dependencies: ["CTestAuthority", "III", "IIIMockEngine", "TestSupport", "UV"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "IIIMockEngineTests", dependencies: ["IIIMockEngine", "IIIMockEngineTesting", "III", "TestSupport", "UV"],
      exclude: ["Configuration/Files"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "IIIMockEngineTestingTests",
      dependencies: ["IIIMockEngineTesting", "III", "IIIMockEngine", "TestSupport", "UV"], swiftSettings: swiftSettings),
    .testTarget(name: "LiveTests", dependencies: ["III", "UV"], path: "Tests/Live", swiftSettings: swiftSettings),
    .testTarget(
      name: "iii-devTests", dependencies: ["iii-dev", "III", "IIIMockEngine", "TestSupport", "Transcripts", "UV"],
      swiftSettings: swiftSettings),
  ]
)
