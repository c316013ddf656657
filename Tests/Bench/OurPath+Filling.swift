import BPFDatapath
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

/// Others' records in our tables, beside those of the one pod that sends.
extension OurPath {
    /// Policies that claim something each for the pod, and one exclusion.
    static func add(policies count: Int, _ world: LocalWorld, to family: BenchFamily) throws {
        guard let datapath = world.ours?.datapath else { return }
        let pod = try world.node.index("pod0")
        let gateway = try BenchFamily.address(BenchFamily.gateway)
        try exclude(family, datapath)
        for number in 0..<count {
            let slot = UInt32(number) + 2
            try datapath.execute(.addRule(set: set, SetRule(prefix: try destination(number, family), action: .gateway, policy: slot)))
            try datapath.execute(
                .setChoice(
                    ChoiceKey(interfaceIndex: pod, policy: slot, family: family.family),
                    GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: entry, gateway: gateway)])))
        }
    }

    /// Other pods, each with a set of its own. As many have a record as the table holds.
    static func add(pods count: Int, _ world: LocalWorld, to family: BenchFamily) throws {
        guard let datapath = world.ours?.datapath else { return }
        let everything = try BenchFamily.prefix(family.everything)
        try exclude(family, datapath)
        for number in 0..<count {
            let own = UInt32(number) + 2
            try datapath.execute(.addRule(set: own, SetRule(prefix: everything, action: .gateway, policy: policy)))
            try datapath.execute(.addRule(set: own, SetRule(prefix: try destination(number, family), action: .exclude, policy: policy)))
            guard number < 4000 else { continue }
            let address = IPAddress(ipv4: 0x0A40_0000 + UInt32(number))
            let index = 1_000_000 + number
            try datapath.execute(.setPod(interfaceIndex: index, PodRecord(ipv4: address, ipv6: nil, set: own, deliverIndex: index)))
        }
    }

    private static func exclude(_ family: BenchFamily, _ datapath: BPFDatapath) throws {
        let prefix = try BenchFamily.prefix("\(family.excluded)/\(family.hostLength)")
        try datapath.execute(.addRule(set: set, SetRule(prefix: prefix, action: .exclude, policy: policy)))
    }

    /// Another prefix for each number.
    private static func destination(_ number: Int, _ family: BenchFamily) throws -> IPPrefix {
        let (high, low) = (number / 256, number % 256)
        return try BenchFamily.prefix(
            family == .ipv4 ? "100.\(high).\(low).0/24" : "2001:db8:\(String(0x1000 + number, radix: 16))::/48")
    }
}
