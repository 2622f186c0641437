// swift-tools-version: 6.2
import PackageDescription

/// Cairn as others use it: a package outside ours, by its products and nothing else (`make consumers`).
///
/// What the articles of the libraries show stands in these sources.
let package = Package(
    name: "consumers",
    dependencies: [
        .package(name: "cairn", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(
            name: "OwnServer",
            dependencies: [
                .product(name: "CairnDisk", package: "cairn"),
                .product(name: "CairnEngine", package: "cairn"),
                .product(name: "CairnServer", package: "cairn"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "PutAndGet",
            dependencies: [
                .product(name: "CairnClient", package: "cairn"),
                .product(name: "CairnEngine", package: "cairn"),
            ]),
        .executableTarget(
            name: "InProcess",
            dependencies: [
                .product(name: "CairnDisk", package: "cairn"),
                .product(name: "CairnEngine", package: "cairn"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
    ]
)
