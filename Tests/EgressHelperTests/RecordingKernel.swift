import EgressModel
import EgressPlan
import EgressPorts
import Synchronization

/// A fake: a kernel made of values, so that these tests are about the service alone. It does each step to a state as
/// the maps would, and refuses what it is told to. The real one is in the packet and lab layers.
final class RecordingKernel: DatapathApplying, HostNetworking, StrategyProviding {
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var datapath = DatapathState()
        var netfilter = NetfilterRules()
        var facts = HostFacts()
        var revision: UInt64 = 0
        var done: [DatapathOperation] = []
        var netfilterWrites = 0
        var fingerprint = NetfilterFingerprint()
        var isTableLost = false
        var reserved: [ClosedRange<UInt16>] = []
        var refuses: (@Sendable (DatapathOperation) -> Bool)?
        var announced: [ClaimedAddress] = []
        var dead: Set<Int> = []
        var collected = 0
        var inUse: [UInt32: Set<IPAddress>] = [:]
        var changes: [AsyncStream<Void>.Continuation] = []
        var told: [String] = []
        var take: (@Sendable ([DatapathEvent], UInt64) -> Void)?
        var watches = 0
        var probes: [TraceProbe] = []
        var stackRoutes: [StackRoutes?] = []
        var loosened: [Set<IPAddress>] = []
        var open = OpenConnections()
        var exempt: [Int: [LiveConnection]] = [:]
        var pastTheGuard: [LiveConnection] = []
        var drops = GuardDrops()
        var keeps = true
        var kept: Set<Attachment> = []
    }

    private let inner = Mutex(State())

    let attachMode = "tcx"
    let abiVersion = 1

    var datapath: DatapathState { inner.withLock { $0.datapath } }
    var netfilter: NetfilterRules { inner.withLock { $0.netfilter } }
    var netfilterWrites: Int { inner.withLock { $0.netfilterWrites } }
    var done: [DatapathOperation] { inner.withLock { $0.done } }
    var reserved: [ClosedRange<UInt16>] { inner.withLock { $0.reserved } }
    /// What modules were told of the node.
    var told: [String] { inner.withLock { $0.told } }
    var collected: Int { inner.withLock { $0.collected } }

    func refuse(_ refuses: (@Sendable (DatapathOperation) -> Bool)?) { inner.withLock { $0.refuses = refuses } }

    /// Changes what the node is; tells who follows.
    func become(_ facts: HostFacts) {
        let followers = inner.withLock { state in
            state.facts = facts
            return state.changes
        }
        for follower in followers { follower.yield() }
    }

    /// Somebody else's hand.
    func disturb(_ change: @Sendable (inout DatapathState) -> Void) { inner.withLock { change(&$0.datapath) } }

    func actualState() throws -> DatapathState { datapath }

    let hearsOfAttachments = false
    /// What is missing of what was attached comes back, as in ``DatapathApplying/mendAttachments()``.
    func mendAttachments() throws -> MendedAttachments {
        try inner.withLock { state in
            let missing = state.kept.subtracting(state.datapath.attachments)
            if let place = missing.min(), state.refuses?(.attach(place)) == true { throw Refusal(description: "refused") }
            state.datapath.attachments.formUnion(missing)
            return MendedAttachments(putBack: missing)
        }
    }

    func execute(_ operation: DatapathOperation) throws {
        try inner.withLock { state in
            if state.refuses?(operation) == true { throw Refusal(description: "Cannot allocate memory (errno 12)") }
            state.done.append(operation)
            switch operation {
            case .setExempt(let index, let connections): state.exempt[index, default: []] += connections.filter(\.isOpenedByPod)
            case .forgetExempt(let index): state.exempt[index] = nil
            case .attach(let place): state.kept.insert(place)
            case .detach(let place): state.kept.remove(place)
            default: break
            }
            operation.apply(to: &state.datapath)
        }
    }

    func revision() throws -> UInt64 { inner.withLock { $0.revision } }
    func setRevision(_ revision: UInt64) throws { inner.withLock { $0.revision = revision } }
    /// What translations have, by entry.
    func use(_ addresses: [UInt32: Set<IPAddress>]) { inner.withLock { $0.inUse = addresses } }
    func interfacesOfOthers(among interfaceIndices: [Int]) throws -> Set<Int> { [] }
    func addressesInUse() throws -> [UInt32: Set<IPAddress>] { inner.withLock { $0.inUse } }
    func counters() throws -> [DatapathCounter] { [DatapathCounter(name: "no_flow", code: .drop(3), packets: 2, bytes: 120)] }
    func mapFill() throws -> [MapFill] { [MapFill(name: "egress_pods", used: datapath.pods.count, capacity: 4096)] }

    func collectGarbage() throws -> Int {
        inner.withLock { $0.collected += 1 }
        return 0
    }

    func facts() throws -> HostFacts { inner.withLock { $0.facts } }

    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        inner.withLock { $0.changes.append(continuation) }
        return stream
    }

    func ensureTunnel(port: UInt16) throws -> TunnelDevice { TunnelDevice(index: 5, innerMTU: 1450) }

    func setNetfilter(_ rules: NetfilterRules) throws {
        try inner.withLock { state in
            if state.refuses?(.setNetfilter(rules)) == true { throw Refusal(description: "Operation not permitted (errno 1)") }
            state.netfilter = rules
            state.netfilterWrites += 1
            state.fingerprint = NetfilterFingerprint([UInt64(state.netfilterWrites)])
            if state.isTableLost { state.fingerprint = NetfilterFingerprint() }
        }
    }

    func netfilterFingerprint() throws -> NetfilterFingerprint { inner.withLock { $0.fingerprint } }

    /// As `nft flush ruleset` does it; `always`: whoever does it does it again at once.
    func loseTable(always: Bool = false) {
        inner.withLock { state in
            (state.fingerprint, state.isTableLost) = (NetfilterFingerprint(), always)
        }
    }

    /// What pods have open, for whoever reads it next.
    func open(_ open: OpenConnections) { inner.withLock { $0.open = open } }
    /// What a pod's program records.
    func record(_ connection: LiveConnection, of index: Int) { inner.withLock { $0.exempt[index, default: []].append(connection) } }
    func drop(_ drops: GuardDrops) { inner.withLock { $0.drops = drops } }
    var pastTheGuard: [LiveConnection] { inner.withLock { $0.pastTheGuard } }

    func keepConnections(_ keeps: Bool) { inner.withLock { $0.keeps = keeps } }
    var keepsConnections: Bool { inner.withLock { $0.keeps } }

    func openConnections(of pods: [PodDevice]) -> OpenConnections {
        let addresses = pods.flatMap(\.addresses)
        return inner.withLock { state in
            OpenConnections(
                connections: state.open.connections.filter { addresses.contains($0.pod) },
                unread: state.open.unread.filter { index, _ in pods.contains { $0.index == index } })
        }
    }

    func exemptFromGuard(_ connections: [LiveConnection]) throws { inner.withLock { $0.pastTheGuard += connections } }
    func guardDrops() throws -> GuardDrops { inner.withLock { $0.drops } }
    func exemptConnections(of interfaceIndex: Int?) throws -> [LiveConnection] {
        inner.withLock { state in state.exempt.filter { interfaceIndex == nil || $0.key == interfaceIndex }.flatMap(\.value) }
    }

    func claimedAddresses() throws -> Set<ClaimedAddress> { datapath.claimedAddresses }
    func addAddress(_ address: ClaimedAddress) throws { try change(address, isThere: true, .addAddress(address)) }
    func removeAddress(_ address: ClaimedAddress) throws { try change(address, isThere: false, .removeAddress(address)) }
    func announce(_ address: ClaimedAddress) throws { inner.withLock { $0.announced.append(address) } }
    func liveInterfaces() throws -> Set<Int> { inner.withLock { Set($0.facts.interfaces.map(\.facts.index)).subtracting($0.dead) } }

    /// As the kernel does it: the interface has the address then, or no longer.
    private func change(_ claimed: ClaimedAddress, isThere: Bool, _ operation: DatapathOperation) throws {
        try execute(operation)
        inner.withLock { state in
            guard let address = InterfaceAddress(claimed.address, prefixLength: claimed.address.family == .ipv4 ? 32 : 128) else { return }
            for place in state.facts.interfaces.indices where state.facts.interfaces[place].facts.index == claimed.interfaceIndex {
                state.facts.interfaces[place].facts.addresses.removeAll { $0 == address }
                if isThere { state.facts.interfaces[place].facts.addresses.append(address) }
            }
        }
    }

    var announced: [ClaimedAddress] { inner.withLock { $0.announced } }
    /// Interfaces without a carrier.
    func unplug(_ interfaces: Set<Int>) { inner.withLock { $0.dead = interfaces } }

    func reservePorts(_ ports: ClosedRange<UInt16>) throws { inner.withLock { $0.reserved.append(ports) } }

    func setStackRoutes(_ routes: StackRoutes?) throws { inner.withLock { $0.stackRoutes.append(routes) } }
    func loosenTracking(of pods: Set<IPAddress>) throws { inner.withLock { $0.loosened.append(pods) } }
    /// What was asked of the node's routing, in order.
    var stackRoutes: [StackRoutes?] { inner.withLock { $0.stackRoutes } }
    var loosened: [Set<IPAddress>] { inner.withLock { $0.loosened } }

    func list() async -> [PluginStatus] { [PluginStatus(name: "static", version: "1", module: "/m/static.so", isHealthy: true)] }

    var isWatched: Bool { inner.withLock { $0.take != nil } }
    /// How often a watch began.
    var watches: Int { inner.withLock { $0.watches } }
    var probes: [TraceProbe] { inner.withLock { $0.probes } }
    func noteProbe(_ probe: TraceProbe) { inner.withLock { $0.probes.append(probe) } }

    func setTake(_ take: (@Sendable ([DatapathEvent], UInt64) -> Void)?) {
        inner.withLock { state in
            state.take = take
            if take != nil { state.watches += 1 }
        }
    }

    /// As the ring buffer's reader does.
    func happen(_ events: [DatapathEvent], lost: UInt64 = 0) { inner.withLock(\.take)?(events, lost) }

    func factsChanged(_ json: String) { inner.withLock { $0.told.append(json) } }

    func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer {
        guard strategy == "static" else { throw HelperError(code: "not_found", message: "no module \(strategy)") }
        return PluginAnswer(ipv4: [IPAddress(ipv4: 0xC633_6407)])
    }
}

extension DatapathOperation {
    /// What the maps hold after it.
    func apply(to state: inout DatapathState) {
        switch self {
        case .attach(let place): state.attachments.insert(place)
        case .detach(let place): state.attachments.remove(place)
        case .setSettings(let settings): state.settings = settings
        case .setNetfilter(let rules): state.netfilter = rules
        case .setPod(let index, let pod): state.pods[index] = pod
        case .removePod(let index): state.pods[index] = nil
        case .addRule(let set, let rule): state.sets[set, default: []].insert(rule)
        case .removeRule(let set, let rule):
            state.sets[set]?.remove(rule)
            if state.sets[set]?.isEmpty == true { state.sets[set] = nil }
        case .setPolicy(let slot, let uid): state.policies[slot] = uid
        case .removePolicy(let slot): state.policies[slot] = nil
        case .setChoice(let key, let choice): state.choices[key] = choice
        case .removeChoice(let key): state.choices[key] = nil
        case .setGateway(let address, let record): state.gateways[address] = record
        case .removeGateway(let address): state.gateways[address] = nil
        case .setNode(let address, let record): state.nodes[address] = record
        case .removeNode(let address): state.nodes[address] = nil
        case .setClusterRange(let prefix, let kind): state.cluster[prefix] = kind
        case .removeClusterRange(let prefix): state.cluster[prefix] = nil
        case .setEntry(let id, let record): state.entries[id] = record
        case .removeEntry(let id): state.entries[id] = nil
        case .setEgressAddress(let address, let record): state.egressAddresses[address] = record
        case .removeEgressAddress(let address): state.egressAddresses[address] = nil
        case .addAddress(let claimed): state.claimedAddresses.insert(claimed)
        case .removeAddress(let claimed): state.claimedAddresses.remove(claimed)
        case .forgetFlows, .forgetTranslations, .keepOpenConnections, .setExempt, .forgetExempt, .keepRecordedConnections: break
        }
    }
}
