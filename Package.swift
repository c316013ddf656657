// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "kubectl-egress",
    targets: [
        // Pure values: no I/O, no Foundation.
        library("EgressModel"),
        library("EgressPolicy", ["EgressModel"]),
        library("EgressPlan", ["EgressModel", "EgressPolicy"]),
        library("EgressPorts", ["EgressModel", "EgressPolicy", "EgressPlan"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu2x
)
