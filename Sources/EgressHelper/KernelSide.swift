import EgressModel
import EgressPlan
import EgressPorts

/// The kernel behind its two ports, as one state that can be read and brought to another.
struct KernelSide {
    let datapath: any DatapathApplying
    let host: any HostNetworking
    /// Our nft table as it was last written. The kernel's is not read back: `nil` after a start, or after a write that
    /// failed, and then it is written whatever it should be.
    private var netfilter: NetfilterRules?
    private var reserved: Set<ClosedRange<UInt16>> = []
    /// The addresses that we last put on interfaces, or found there with our mark.
    private(set) var claimed: Set<ClaimedAddress> = []

    init(datapath: any DatapathApplying, host: any HostNetworking) {
        self.datapath = datapath
        self.host = host
    }

    func state() throws -> DatapathState {
        var state = try datapath.actualState()
        state.netfilter = netfilter ?? NetfilterRules()
        state.claimedAddresses = try host.claimedAddresses()
        return state
    }

    /// Whether an address that we put on an interface is no longer there.
    func misses(_ facts: HostFacts) -> Bool {
        let held = facts.interfaces.flatMap { interface in
            interface.facts.addresses.map { ClaimedAddress($0.address, interfaceIndex: interface.facts.index) }
        }
        return !claimed.isSubset(of: held)
    }

    /// Makes the kernel match the plan. Returns what it took; throws `kernel_refused` with the step at which it stopped.
    mutating func realize(_ plan: NodePlan) throws -> (changed: Int, facts: HostFacts, notGoverned: [ObjectReference]) {
        let tunnel = try refusal("make the tunnel device on port \(plan.tunnel.port)") { try host.ensureTunnel(port: plan.tunnel.port) }
        let facts = try refusal("read interfaces and addresses") { try host.facts() }
        let actual = try refusal("read the maps") { try state() }
        let lowering = lower(plan, facts: facts, tunnel: tunnel, previous: actual)
        try reservePorts(of: lowering.state)
        let operations = difference(from: actual, to: lowering.state)
        for (position, operation) in operations.enumerated() {
            try refusal("\(operation.text) (step \(position + 1) of \(operations.count))") { try execute(operation) }
        }
        claimed = lowering.state.claimedAddresses
        guard netfilter != lowering.state.netfilter else { return (operations.count, facts, lowering.notGoverned) }
        let last = DatapathOperation.setNetfilter(lowering.state.netfilter)
        try refusal(last.text) { try execute(last) }
        return (operations.count + 1, facts, lowering.notGoverned)
    }

    private mutating func execute(_ operation: DatapathOperation) throws {
        switch operation {
        case .setNetfilter(let rules):
            netfilter = nil
            try host.setNetfilter(rules)
            netfilter = rules
        case .addAddress(let claimed): try host.addAddress(claimed)
        case .removeAddress(let claimed): try host.removeAddress(claimed)
        default: try datapath.execute(operation)
        }
    }

    /// Before the first packet leaves by an address that the node itself uses, its sockets must keep out of our ports.
    private mutating func reservePorts(of state: DatapathState) throws {
        let needed = Set(state.entries.values.filter(\.isShared).map(\.portSlice))
        for ports in needed.subtracting(reserved).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            try refusal("reserve ports \(ports.lowerBound) to \(ports.upperBound)") { try host.reservePorts(ports) }
            reserved.insert(ports)
        }
    }

    private func refusal<Result>(_ what: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw HelperError(
                code: "kernel_refused", message: "the kernel refused to \(what): \((error as? HelperError)?.message ?? "\(error)")",
                hint: (error as? HelperError)?.hint ?? "what was done before it stays; a plan with a newer revision goes on from there")
        }
    }
}
