/// The lab's addresses of one family.
struct LabFamily: Sendable, CustomStringConvertible {
    let description: String
    let outside: String
    let egressIP: String
    let secondEgressIP: String
    /// Nobody's yet.
    let freeEgressIP: String
    /// Which node-2 has by `interface: eth0`.
    let interfaceIP: String
    let everything: String
    /// Of the pod `mediabot`, both families.
    static let podAddresses = "10.244.1.2,fd00:10:244:1::2"

    static let ipv4 = LabFamily(
        description: "IPv4", outside: Lab.outside, egressIP: Lab.egressIP, secondEgressIP: Lab.secondEgressIP,
        freeEgressIP: "198.51.100.150", interfaceIP: "192.0.2.12",
        everything: "0.0.0.0/0")
    static let ipv6 = LabFamily(
        description: "IPv6", outside: "2001:db8:113::10", egressIP: "2001:db8:100::100", secondEgressIP: "2001:db8:100::200",
        freeEgressIP: "2001:db8:100::150", interfaceIP: "2001:db8:100::100", everything: "::/0")
    static let both = [ipv4, ipv6]

    var isIPv6: Bool { everything.contains(":") }
    /// As a URL has it.
    var server: String { isIPv6 ? "[\(outside)]" : outside }
    /// With the length of one address.
    func host(_ address: String) -> String { address + (isIPv6 ? "/128" : "/32") }

    /// All of the family by one address.
    func policy(name: String = "egress-sample", gateway: String = "node-2", egressIP: String? = nil) -> String {
        samplePolicy(
            name: "\(name)-\(isIPv6 ? "6" : "4")", gateway: gateway, source: "egressIP: \"\(egressIP ?? self.egressIP)\"",
            destinations: "[\"\(everything)\"]")
    }
}

extension Lab {
    /// `mediabot`'s pods leave by node-2's address of each family.
    func applyBothFamilies() throws {
        for family in LabFamily.both { try apply(family.policy()) }
    }
}

/// Connections of both families at once, half of them each, and the witness for both.
struct DualLoad {
    let witness: Witness
    private let loads: [ConnectionLoad]

    /// `seen`: by which address they leave.
    init(
        _ lab: Lab, pod: String = "mediabot", held: Int, newPerSecond: Int, seen: (LabFamily) -> String = \.egressIP
    ) throws {
        witness = try Witness(lab, sources: LabFamily.both.map(seen))
        loads = try LabFamily.both.map { family in
            try ConnectionLoad(
                lab, pod: pod, server: family.outside, held: held / 2, newPerSecond: newPerSecond / 2, seen: [seen(family)])
        }
    }

    /// Sums of both; `longest` is the longer one.
    func finish() throws -> ConnectionLoad.Report {
        let reports = try loads.map { try $0.finish() }
        let counts = reports.map(\.counts).reduce(into: [:]) { sum, part in
            sum.merge(part) { $0 + $1 }
        }
        let longest = reports.map { $0["longest"] }.max() ?? -1
        return ConnectionLoad.Report(
            counts: counts.merging(["longest": longest]) { _, new in new }, errors: reports.map(\.errors).joined(separator: "\n"))
    }

    func stop() { for load in loads { load.stop() } }
}
