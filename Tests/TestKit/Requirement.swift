import CEgressShims
public import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What a test needs of the machine: a layer of tests, or a feature of the kernel.
///
/// Without it the test is skipped with a reason; when the environment's `EGRESS_REQUIRE` names it (a list with commas),
/// the test fails instead, so that nothing passes by not running.
public enum Requirement: String, Sendable, CaseIterable {
    /// Loads and runs BPF programs: CAP_BPF and CAP_NET_ADMIN, and CAP_SYS_ADMIN for namespaces of its own.
    case packet
    /// Builds networks of namespaces: root.
    case lab
    /// A real API server: what ``APIServer`` starts, and kubectl.
    case api
    /// tcx links, Linux 6.6.
    case tcx
    /// A browser without a screen: Debian's chromium.
    case browser

    public var isMet: Bool {
        switch self {
        case .packet: Self.hasCapabilities([Self.capNetAdmin, Self.capSysAdmin, Self.capBPF])
        case .lab: geteuid() == 0 && Self.hasCapabilities([Self.capNetAdmin, Self.capSysAdmin])
        case .api: APIServer.isPresent
        case .browser: access("/usr/bin/chromium", X_OK) == 0
        case .tcx: Requirement.packet.isMet && egress_tcx_supported() == 1
        }
    }

    public var isRequired: Bool {
        guard let list = getenv("EGRESS_REQUIRE") else { return false }
        return String(cString: list).split(separator: ",").contains { $0 == rawValue }
    }

    fileprivate var reason: String {
        switch self {
        case .packet: "needs CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN; run as root"
        case .lab: "needs root"
        case .api: "needs KUBEBUILDER_ASSETS, a folder with kube-apiserver and etcd, and kubectl, openssl and curl"
        case .browser: "needs chromium"
        case .tcx: "needs a kernel with tcx, Linux 6.6, and what packet tests need"
        }
    }

    private static let capNetAdmin = 12
    private static let capSysAdmin = 21
    private static let capBPF = 39

    /// Whether the process has these capabilities in effect (capabilities(7)).
    private static func hasCapabilities(_ numbers: [Int]) -> Bool {
        guard let line = FileText.read("/proc/self/status")?.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let set = UInt64(line.dropFirst("CapEff:".count).drop { $0 == "\t" || $0 == " " }, radix: 16)
        else { return false }
        return numbers.allSatisfy { set & (1 << UInt64($0)) != 0 }
    }
}

/// A requirement that `EGRESS_REQUIRE` names, and that this machine doesn't meet.
public struct RequirementUnmet: Error, CustomStringConvertible {
    public var description: String
}

extension Trait where Self == ConditionTrait {
    /// Skips the test with a reason where the requirement isn't met, or fails it where `EGRESS_REQUIRE` names it.
    public static func requires(_ requirement: Requirement) -> Self {
        .enabled(Comment(rawValue: "\(requirement.rawValue): \(requirement.reason)")) {
            if requirement.isMet { return true }
            guard requirement.isRequired else { return false }
            throw RequirementUnmet(description: "EGRESS_REQUIRE names \(requirement.rawValue), which \(requirement.reason)")
        }
    }
}
