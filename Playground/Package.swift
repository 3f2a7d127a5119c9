// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "playground",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "iii", path: "..")],
  targets: [
    .executableTarget(
      name: "countdown",
      dependencies: [.product(name: "III", package: "iii"), .product(name: "IIIMockEngine", package: "iii")]),
    .executableTarget(
      name: "digest",
      dependencies: [.product(name: "III", package: "iii"), .product(name: "IIIMockEngine", package: "iii")]),
    .executableTarget(
      name: "shop",
      dependencies: [.product(name: "III", package: "iii"), .product(name: "IIIMockEngine", package: "iii")]),
    .executableTarget(
      name: "hello",
      dependencies: [.product(name: "III", package: "iii"), .product(name: "IIIMockEngine", package: "iii")]),
    .executableTarget(name: "worker", dependencies: [.product(name: "III", package: "iii")]),
  ]
)
