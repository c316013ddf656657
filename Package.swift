// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "kubectl-egress",
    products: [
        .executable(name: "kubectl-egress", targets: ["kubectl-egress"]),
        .executable(name: "egress-helper", targets: ["egress-helper"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure values: no I/O, no Foundation.
        library("EgressModel"),
        library("EgressPolicy", ["EgressModel"]),
        library("EgressPlan", ["EgressModel", "EgressPolicy"]),
        library("EgressPorts", ["EgressModel", "EgressPolicy", "EgressPlan"]),
        library("JSONText"),
        library("EgressWire", ["EgressModel", "EgressPolicy", "EgressPlan", "JSONText"]),
        library("KubeObjects", ["EgressModel", "JSONText", yams]),

        // Adapters: imported by the two mains only.
        library("ClusterFolder", ["EgressModel", "EgressPorts", "KubeObjects", "JSONText"]),
        library(
            "HelperSocket",
            ["EgressModel", "EgressPlan", "EgressPorts", "EgressWire", "JSONText", nioCore, nioPosix, lifecycle, logging]),
        library("KubeAPI", ["EgressModel", "EgressPorts", "KubeObjects", "JSONText", "CCurl", "CEgressShims", logging]),
        library("HostNetwork", ["EgressModel", "EgressPlan", "EgressPorts", "JSONText", "CEgressShims"]),
        library(
            "BPFDatapath",
            [
                "EgressModel", "EgressPolicy", "EgressPlan", "EgressPorts", "CEgressABI", "CEgressObjects", "CEgressShims", "CLibBPF",
                logging,
            ]),
        library(
            "PluginHost", ["EgressModel", "EgressPlan", "EgressPorts", "JSONText", "CEgressPlugin", "CEgressShims", logging]),

        // The two applications, as libraries; they know ports only.
        library(
            "EgressHelper", ["EgressModel", "EgressPolicy", "EgressPlan", "EgressPorts", "EgressWire", "JSONText", logging, lifecycle]),
        library(
            "EgressCommands",
            [
                "EgressModel", "EgressPolicy", "EgressPlan", "EgressPorts", "EgressWire", "JSONText", "KubeObjects", argumentParser,
                logging, lifecycle,
            ]),
        .executableTarget(
            name: "egress-helper",
            dependencies: [
                "EgressHelper", "HelperSocket", "BPFDatapath", "HostNetwork", "PluginHost", "EgressPlan", "EgressPorts", "EgressWire",
                argumentParser, lifecycle, signals, logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "kubectl-egress",
            dependencies: [
                "EgressCommands", "ClusterFolder", "HelperSocket", "KubeAPI", "EgressPlan", "EgressPorts", "CEgressManifests", logging,
            ],
            swiftSettings: strict),

        // C: system libraries, the one definition of map layouts, the plugin header, glue that Swift cannot express.
        .systemLibrary(name: "CLibBPF", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev", "libelf-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CEgressABI", path: "bpf/include"),
        .systemLibrary(name: "CEgressPlugin", path: "plugins/include"),
        .target(name: "CEgressShims", cSettings: strictC),
        .target(name: "CEgressObjects", cSettings: strictC),
        .target(name: "CEgressManifests", cSettings: strictC),

        // What `make bench` runs.
        .executableTarget(
            name: "EgressBench",
            dependencies: ["BPFDatapath", "EgressModel", "EgressPolicy", "EgressPlan", "CEgressShims", "CLibBPF", "TestKit"],
            path: "Tests/Bench", swiftSettings: strict),
        // What `make bench-reading` runs; its peers in C and C++ are a program of their own.
        .executableTarget(
            name: "ReadingBench", dependencies: ["ClusterFolder", "EgressModel", "JSONText", "KubeObjects", "TestKit", "TestRandom"],
            path: "Tests/ReadingBench", exclude: ["peers.cpp", "peer_json_c.c"], swiftSettings: strict),

        // The policy engine alone, which needs neither root nor eBPF: `make bench-engine`.
        .executableTarget(
            name: "EngineBench", dependencies: ["EgressModel", "EgressPolicy", "EgressPlan", "EngineSamples"], path: "Tests/EngineBench",
            swiftSettings: strict),

        // What tests share.
        .target(name: "TestKit", dependencies: ["CEgressShims"], path: "Tests/TestKit", swiftSettings: strict),
        .target(name: "TestRandom", path: "Tests/TestRandom", swiftSettings: strict),
        // Clusters made in Swift, by hand and at random, for the tests of the pure targets.
        .target(
            name: "EngineSamples", dependencies: ["EgressModel", "EgressPolicy", "TestRandom"], path: "Tests/EngineSamples",
            swiftSettings: strict),
        // Stands in for `egress-helper plugin-host` and `plugin-probe`.
        .executableTarget(
            name: "PluginHostLauncher", dependencies: ["PluginHost"], path: "Tests/PluginHostLauncher", swiftSettings: strict),

        // The load under which lab tests disturb what runs.
        .executableTarget(name: "ConnectionLoad", path: "Tests/ConnectionLoad", cSettings: strictC),

        // Unit and property tests: they need nothing.
        tests("TestKitTests", ["TestKit"]),
        tests("EgressModelTests", ["EgressModel", "TestRandom"]),
        tests("EgressPolicyTests", ["EgressModel", "EgressPolicy", "EngineSamples", "TestRandom"]),
        tests("EgressPlanTests", ["EgressModel", "EgressPolicy", "EgressPlan", "EngineSamples", "TestRandom"]),
        tests("JSONTextTests", ["JSONText", "TestRandom"]),
        tests("EgressWireTests", ["EgressWire", "EgressModel", "EgressPolicy", "EgressPlan", "JSONText", "TestRandom"]),
        tests("EgressHelperTests", ["EgressHelper", "EgressModel", "EgressPolicy", "EgressPlan", "EgressPorts", logging]),
        tests(
            "HelperSocketTests",
            [
                "HelperSocket", "EgressWire", "EgressModel", "EgressPlan", "EgressPorts", "JSONText", "CEgressShims", "TestKit", logging,
                lifecycle,
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ]),
        tests("KubeObjectsTests", ["KubeObjects", "EgressModel", "JSONText", "TestRandom"]),
        tests("ScenarioTests", ["EgressModel", "EgressPolicy", "KubeObjects", "TestKit"]),
        tests("ClusterFolderTests", ["ClusterFolder", "KubeObjects", "EgressModel", "EgressPorts", "JSONText"]),
        .testTarget(
            name: "EgressCommandsTests",
            dependencies: [
                "EgressCommands", "ClusterFolder", "HelperSocket", "EgressModel", "EgressPolicy", "EgressPlan", "EgressPorts", "EgressWire",
                "JSONText", "KubeObjects", "TestKit", "TestRandom", logging,
            ],
            exclude: ["Fixtures", "Golden"], swiftSettings: strict),

        // Tests on the real kernel: packets through the loaded programs, networks of namespaces, the whole lab.
        tests(
            "PluginHostTests",
            [
                "PluginHost", "PluginHostLauncher", "egress-helper", "EgressModel", "EgressPlan", "EgressPorts", "JSONText",
                "CEgressPlugin", "CEgressShims", "TestKit", "TestRandom", logging,
            ]),
        .testTarget(
            name: "KubeAPITests",
            dependencies: [
                "KubeAPI", "KubeObjects", "EgressModel", "EgressPolicy", "EgressPorts", "JSONText", "TestKit", "TestRandom", logging,
            ],
            exclude: ["Stub/make-certificates", "Stub/stub_proxy.py", "Stub/stub_server.py"], swiftSettings: strict),
        tests("HostNetworkTests", ["HostNetwork", "EgressModel", "EgressPlan", "EgressPorts", "CEgressShims", "TestKit"]),
        tests(
            "PacketTests",
            [
                "BPFDatapath", "EgressModel", "EgressPolicy", "EgressPlan", "EgressPorts", "CEgressABI", "CEgressShims", "CLibBPF",
                "TestKit", "TestRandom",
            ]),
        tests("LabTests", ["TestKit", "ConnectionLoad"]),
        tests("DeployTests", ["TestKit"]),

        // The built kubectl-egress on a real API server, called by the real kubectl.
        tests("APITests", ["TestKit"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu2x
)
