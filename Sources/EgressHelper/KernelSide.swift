import EgressModel
import EgressPlan
import EgressPorts

/// The kernel behind its two ports, as one state that can be read and brought to another.
struct KernelSide {
    let datapath: any DatapathApplying
    let host: any HostNetworking
    private let limits: ConnectionLimits
    private let steering: SteeringSettings
    /// Our nft table as it was last written: `nil` after a start, or after a write that failed, and then it is written
    /// whatever it should be.
    var table: WrittenTable?
    private var reserved: Set<ClosedRange<UInt16>> = []
    /// There may be a rule and a route for marked packets; after a start nobody knows.
    private var isLeading = true
    /// Pods whose open connections ended when a policy first claimed them, as nobody could say which those were.
    var endings = ConnectionEndings()
    /// The addresses that we last put on interfaces, or found there with our mark.
    private(set) var claimed: Set<ClaimedAddress> = []

    init(
        datapath: any DatapathApplying, host: any HostNetworking, steering: SteeringSettings = SteeringSettings(),
        limits: ConnectionLimits = .standard
    ) {
        self.limits = limits
        self.datapath = datapath
        self.host = host
        self.steering = steering
    }

    /// The node's facts, how pods are steered by them under this plan, and whose devices others' programs are on.
    func facts(_ plan: NodePlan?) throws -> HostFacts {
        var facts = try host.facts()
        facts.steering = SteeringFact(annotation: plan?.steering, flag: steering.word, forward: facts.forward)
        facts.devicesOfOthers = try datapath.interfacesOfOthers(among: facts.podDevices.map(\.index))
        return facts
    }

    func state() throws -> DatapathState {
        var state = try datapath.actualState()
        state.netfilter = table?.rules ?? NetfilterRules()
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

    /// Makes the kernel match the plan; open connections go on of pods that are new in it and named in `keeping`, by UID.
    /// Returns what it took; throws `kernel_refused` with the step at which it stopped.
    mutating func realize(_ plan: NodePlan, keeping: Set<String> = []) throws -> Realized {
        let tunnel = try refusal("make the tunnel device on port \(plan.tunnel.port)") { try host.ensureTunnel(port: plan.tunnel.port) }
        let facts = try refusal("read interfaces and addresses") { try self.facts(plan) }
        let actual = try refusal("read the maps") { try state() }
        let inUse = try refusal("read the translations") { try addressesInUse(actual) }
        let lowering = lower(plan, facts: facts, tunnel: tunnel, previous: actual, limits: limits, stackMark: steering.mark, inUse: inUse)
        try reservePorts(of: lowering.state)
        let mtu = lowering.state.settings.tunnelMTU
        let routes = lowering.state.netfilter.stackMark.map { StackRoutes(tunnelIndex: tunnel.index, mark: $0, mtu: mtu) }
        // Before the first packet is marked, and until after the last.
        if let routes { try lead(routes, through: lowering.state, from: actual) }
        let running = Set(lowering.pods.filter { keeping.contains($0.value.uid) }.keys)
        let operations = difference(from: actual, to: lowering.state, running: running)
        for (position, operation) in operations.enumerated() {
            try refusal("\(operation.text) (step \(position + 1) of \(operations.count))") { try execute(operation, lowering, facts) }
        }
        if routes == nil { try noLongerLead() }
        endings.keep(plan.pods)
        claimed = lowering.state.claimedAddresses
        guard table?.rules != lowering.state.netfilter else { return Realized(operations.count, facts, lowering) }
        let last = DatapathOperation.setNetfilter(lowering.state.netfilter)
        try refusal(last.text) { try execute(last, lowering, facts) }
        return Realized(operations.count + 1, facts, lowering)
    }

    /// Asked while an entry drains an address alone: whether that is over.
    private func addressesInUse(_ actual: DatapathState) throws -> [UInt32: Set<IPAddress>] {
        actual.entries.values.contains { !$0.draining.isEmpty } ? try datapath.addressesInUse() : [:]
    }

    private mutating func lead(_ routes: StackRoutes, through state: DatapathState, from actual: DatapathState) throws {
        try refusal("route marked packets to the tunnel device") { try host.setStackRoutes(routes) }
        isLeading = true
        let switched = state.pods.filter { index, pod in pod.steering == .stack && actual.pods[index]?.steering == .redirect }
        guard !switched.isEmpty else { return }
        let addresses = Set(switched.values.flatMap { [$0.ipv4, $0.ipv6].compactMap(\.self) })
        try refusal("loosen the tracking of pods' connections") { try host.loosenTracking(of: addresses) }
    }

    private mutating func noLongerLead() throws {
        guard isLeading else { return }
        try refusal("take the route to the tunnel device away") { try host.setStackRoutes(nil) }
        isLeading = false
    }

    private mutating func execute(_ operation: DatapathOperation, _ lowering: Lowering, _ facts: HostFacts) throws {
        switch operation {
        case .setNetfilter(let rules): try write(rules)
        case .keepOpenConnections(let indexes): try keepOpenConnections(indexes, lowering, facts)
        case .keepRecordedConnections(let indexes): try keepRecordedConnections(indexes, lowering)
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

/// What it took to make the kernel match a plan, and what it holds now.
struct Realized {
    /// Writes to the kernel.
    var changed: Int
    var facts: HostFacts
    var notGoverned: [ObjectReference]
    var state: DatapathState

    init(_ changed: Int, _ facts: HostFacts, _ lowering: Lowering) {
        self.changed = changed
        self.facts = facts
        notGoverned = lowering.notGoverned
        state = lowering.state
    }
}
