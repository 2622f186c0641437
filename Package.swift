// swift-tools-version: 6.2
import PackageDescription

/// What is built: `core` leaves out the network (`make tsan`), `fuzz` is what reads bytes from outside, to be driven by
/// libFuzzer (`make fuzz`), `micro` what a step costs by itself (`make bench-micro`); all of it when unset.
let parts = Context.environment["CAIRN_PARTS"]

/// Our own modules are watched, those of others are not: what they cost would be time.
let watched: [SwiftSetting] =
    parts == "fuzz" ? [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])] : []

/// Swift 6 mode comes with the tools version; every warning is an error, and unsafe code must say so.
let strict: [SwiftSetting] =
    [
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + watched

func target(
    _ name: String, _ path: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(path)", resources: resources, swiftSettings: strict)
}

func support(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Tests/Support/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

// Outside packages, by the names of what we import.
let asyncAlgorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let http1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let locks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let http2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let tls = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let posix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")

/// What a file is, and the rules of uploads.
let rules: [Target] = [
    .systemLibrary(
        name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
        name: "CLZ4", path: "Sources/System/CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .target(name: "CCRC32C", path: "Sources/System/CCRC32C"),
    .systemLibrary(name: "CMalloc", path: "Sources/System/CMalloc"),
    target("Hashing", "System/Hashing", ["COpenSSL", "CCRC32C"]),
    target("LZ4", "System/LZ4", ["CLZ4"]),
    target("CairnContent", "Content", ["Hashing", "LZ4"]),
    target("CairnEngine", "Engine", ["CairnContent", nio, locks, log]),
]

/// Where uploads are kept, and the tests of all below it: no network.
let core: [Target] = [
    target(
        "CairnDisk", "Stores/Disk",
        ["CMalloc", "CairnContent", "CairnEngine", "Hashing", "LZ4", nio, locks, posix, log, metrics, database]),

    support("Randomness", []),
    support("StoreConformance", ["CairnContent", "CairnEngine", nio]),
    support("Forwarding", ["CairnContent", "CairnEngine", nio]),
    support("LedgerConformance", ["CairnContent", "CairnEngine"]),
    tests("SystemTests", ["Hashing", "LZ4", "CCRC32C"]),
    tests("ContentTests", ["CairnContent", "Hashing"]),
    tests(
        "EngineTests",
        [
            "CairnContent", "CairnEngine", "StoreConformance", "LedgerConformance", "Forwarding", "Randomness", nio,
            log,
            locks, asyncAlgorithms,
        ]),
    tests(
        "DiskTests",
        [
            "CairnContent", "CairnDisk", "CairnEngine", "Hashing", "LZ4", "StoreConformance", "LedgerConformance",
            "Forwarding", "Randomness", nio, locks, log, database,
        ]),
]

/// Who may what: tokens and upload links, as values.
let trust = target("CairnTrust", "Trust", ["CairnContent", "CairnEngine"])

/// Requests and answers as HTTP words them: no connection.
let dialects = target(
    "CairnDialects", "Dialects",
    [
        "CairnContent", "CairnEngine", "Hashing", httpTypes,
        .product(name: "StructuredFieldValues", package: "swift-http-structured-headers"),
    ])

/// The same over HTTP: server, client, command.
let network: [Target] = [
    target(
        "CairnServer", "Server",
        [
            "CairnContent", "CairnEngine", "CairnDialects", "CairnTrust", nio, locks, posix, http1, http2, tls, log,
            metrics,
            httpTypes, lifecycle,
            .product(name: "NIOTLS", package: "swift-nio"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        ], resources: [.embedInCode("Page")]),
    target(
        "CairnClient", "Client",
        [
            "CairnContent", "CairnDialects", "CairnEngine", "Hashing", nio, posix, tls, log, httpTypes,
            .product(name: "_NIOFileSystem", package: "swift-nio"),
            system,
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
        ]),
    .executableTarget(
        name: "cairn",
        dependencies: [
            "CairnContent", "CairnEngine", "CairnDialects", "CairnDisk", "CairnServer", "CairnClient", "CairnTrust",
            log, metrics, locks, nio, http1, subprocess, system,
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            lifecycle,
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ],
        path: "Sources/Apps/cairn", swiftSettings: strict),

    support("CairnProcess", [locks, subprocess, system]),
    support("RawHTTP", [nio, posix]),
    support("ScriptedServer", [nio, posix, http1]),
    tests("DialectsTests", ["CairnContent", "CairnDialects", "CairnEngine", httpTypes]),
    tests(
        "ServerTests",
        [
            "CairnContent", "CairnDialects", "CairnEngine", "CairnProcess", "CairnServer", "CairnTrust", "Forwarding",
            "RawHTTP", "Randomness", nio, http1, http2, tls, locks, posix, log, metrics, httpTypes, lifecycle,
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
        ]),
    tests("ClientTests", ["CairnClient", "CairnContent", "CairnDialects", "ScriptedServer", nio]),
    tests("CommandTests", ["cairn", "CairnContent", "CairnProcess"]),
    tests("JourneyTests", ["cairn", "CairnContent", "CairnProcess", "Randomness", "RawHTTP"]),
    tests("TrustTests", ["CairnContent", "CairnEngine", "CairnTrust"]),
    tests("TidyTests", []),
]

/// What libFuzzer drives (Tests/Fuzz). Of the disk store only its formats, and a disk in memory to read them from: no
/// database is built for them.
let fuzz: [Target] =
    rules + [
        dialects,
        .target(
            name: "CairnDisk", dependencies: ["CairnContent", "CairnEngine", "Hashing", nio],
            path: "Sources/Stores/Disk",
            sources: ["ChunkFile.swift", "ChunkFooter.swift", "FileRecord+Bytes.swift"]
                + [
                    "FileSystem", "FileSystemError", "SimulatedCall", "SimulatedContents", "SimulatedDirectory",
                    "SimulatedDisk", "SimulatedFile", "SimulatedFileSystem", "SimulatedNames",
                ].map { "FileSystem/\($0).swift" },
            swiftSettings: strict),
        .executableTarget(
            name: "fuzz",
            dependencies: ["CairnContent", "CairnDialects", "CairnDisk", "CairnEngine", "Hashing", httpTypes, nio],
            path: "Tests/Fuzz", exclude: ["README.md", "corpus", "request.dict", "run.sh", "seeds.py"],
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]),
    ]

/// Single steps, measured (Benchmarks/Micro). Most of them are no part of the public API, so this is no package of its
/// own.
let micro: [Target] = [
    .executableTarget(
        name: "Micro",
        dependencies: [
            "CairnContent", "CairnDialects", "CairnDisk", "CairnEngine", "Hashing", "LedgerConformance", httpTypes, log,
            nio, .product(name: "Benchmark", package: "benchmark"),
        ],
        path: "Benchmarks/Micro", swiftSettings: strict,
        plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
]

let targets: [Target] =
    switch parts {
    case "fuzz": fuzz
    case "core": rules + core
    case "micro": rules + core.filter { !$0.isTest } + [dialects] + micro
    default: rules + core + [trust, dialects] + network
    }

let package = Package(
    name: "cairn",
    products: [
        .library(name: "CairnEngine", targets: ["CairnEngine", "CairnContent"]),
        .library(name: "CairnDisk", targets: ["CairnDisk"]),
    ]
        + (parts != nil
            ? []
            : [
                .library(name: "CairnServer", targets: ["CairnServer", "CairnTrust"]),
                .library(name: "CairnClient", targets: ["CairnClient"]),
                .executable(name: "cairn", targets: ["cairn"]),
            ]),
    dependencies: [
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ]
        + (parts == "fuzz"
            ? []
            : [
                .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
                .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
            ])
        + (parts == "core"
            ? []
            : [
                .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
                .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
            ])
        // Its interposers are left out: they are not to be had everywhere.
        + (parts == "micro"
            ? [.package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: [])] : [])
        + (parts != nil
            ? []
            : [
                .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
                .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
                .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
                .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
                .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
                .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
                .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
                .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
                .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
            ]),
    targets: targets
)
