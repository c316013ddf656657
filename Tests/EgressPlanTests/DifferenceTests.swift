import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import TestRandom
import Testing

@Suite struct DifferenceTests {
    /// Interface, source and destination of everything that pods of this node send, in one world or the other.
    private func flows(_ node: String, _ snapshots: ClusterSnapshot...) -> [(Int, IPAddress, IPAddress)] {
        snapshots.flatMap { snapshot in
            SampleNode.facts(node, snapshot).podDevices.flatMap { device in
                device.addresses.flatMap { source in
                    RandomCluster.destinations.filter { $0.family == source.family }.map { (device.index, source, $0) }
                }
            }
        }
    }

    /// Every packet that could be asked about, as a function of the state.
    private func probes(
        _ flows: [(Int, IPAddress, IPAddress)], _ from: DatapathState, _ to: DatapathState
    ) -> [(name: String, verdict: (PacketModel) -> PacketModel.Verdict)] {
        let nodes = Set(from.nodes.keys).union(to.nodes.keys).sorted().prefix(2)
        let tunnelled = Set(from.entries.keys).union(to.entries.keys).sorted().flatMap { entry in
            nodes.flatMap { node in
                RandomCluster.destinations.filter { $0.family == .ipv4 }.map { destination in
                    let source = (to.nodes[node] ?? from.nodes[node])?.podNetwork?.last ?? destination
                    return (
                        "entry \(entry) from \(node) to \(destination)",
                        { (model: PacketModel) in
                            model.fromTunnel(entry, from: node, source, to: destination, tunnel: SampleNode.tunnel.index)
                        }
                    )
                }
            }
        }
        return flows.map { interface, source, destination in
            ("\(interface) \(source) to \(destination)", { $0.fromPod(interface, source, to: destination) })
        } + tunnelled
    }

    /// Checks each prefix of the operations: every packet meets its old verdict, its new one, or a drop.
    private func check(
        _ from: DatapathState, _ to: DatapathState, _ flows: [(Int, IPAddress, IPAddress)], _ seed: Int, dead: Set<IPAddress> = [],
        running: Set<Int> = []
    ) {
        let probes = probes(flows, from, to)
        let (before, after) = (PacketModel(state: from, dead: dead), PacketModel(state: to, dead: dead))
        let allowed = probes.map { [$0.verdict(before), $0.verdict(after), .drop] }
        var state = from
        for (count, operation) in difference(from: from, to: to, running: running).enumerated() {
            state.apply(operation)
            let now = PacketModel(state: state, dead: dead)
            for (probe, allowed) in zip(probes, allowed) {
                let verdict = probe.verdict(now)
                if !allowed.contains(verdict) {
                    Issue.record("seed \(seed), step \(count) \(operation): \(probe.name) is \(verdict), not one of \(allowed)")
                }
            }
        }
        #expect(state == to, "seed \(seed)")
    }

    @Test func `after any number of steps each flow sees its old verdict, its new one, or a drop`() throws {
        for seed in 0..<150 {
            var cluster = RandomCluster(seed: seed)
            let names = cluster.snapshot.nodes.map(\.name)
            var states = Dictionary(names.map { ($0, DatapathState()) }, uniquingKeysWith: { first, _ in first })
            var last = cluster.snapshot
            for _ in 0..<4 {
                for name in names {
                    let old = states[name] ?? DatapathState()
                    let new = try #require(SampleNode.lower(name, cluster.snapshot, previous: old)).state
                    check(old, new, flows(name, last, cluster.snapshot), seed)
                    states[name] = new
                }
                last = cluster.snapshot
                cluster.change()
            }
        }
    }

    /// Pods that ran before are recorded while everything is built; a helper may end in the middle of that too.
    @Test func `nor is there one for pods that ran before a policy claimed them`() throws {
        var kept = 0
        for seed in 40_000..<40_060 {
            var cluster = RandomCluster(seed: seed)
            let name = cluster.chance.pick(cluster.snapshot.nodes).name
            var state = DatapathState()
            var last = cluster.snapshot
            for _ in 0..<5 {
                let wanted = try #require(SampleNode.lower(name, cluster.snapshot, previous: state)).state
                let running = Set(wanted.pods.keys.filter { _ in cluster.chance.oneIn(2) })
                check(state, wanted, flows(name, last, cluster.snapshot), seed, running: running)
                let steps = difference(from: state, to: wanted, running: running)
                kept += steps.count { if case .keepOpenConnections = $0 { true } else { false } }
                let done = cluster.chance.oneIn(2) ? steps.count : Int.random(in: 0...steps.count, using: &cluster.chance)
                for step in steps.prefix(done) { state.apply(step) }
                last = cluster.snapshot
                cluster.change()
            }
        }
        #expect(kept > 20)
    }

    /// A node whose helper was away so long that ids became free, rested and came back meanwhile: any may be any entry's.
    @Test func `nor is there one where an id has another owner than when the helper looked last`() throws {
        for seed in 30_000..<30_040 {
            var cluster = RandomCluster(seed: seed)
            let names = cluster.snapshot.nodes.map(\.name)
            var states = Dictionary(names.map { ($0, DatapathState()) }, uniquingKeysWith: { first, _ in first })
            var last = cluster.snapshot
            for _ in 0..<4 {
                let world = dealtAnew(cluster.snapshot, &cluster.chance)
                for name in names {
                    let old = states[name] ?? DatapathState()
                    let new = try #require(SampleNode.lower(name, world, previous: old)).state
                    check(old, new, flows(name, last, world), seed)
                    states[name] = new
                }
                last = world
                cluster.change()
            }
        }
    }

    /// Every gateway's ids, given to its entries in another order.
    private func dealtAnew(_ snapshot: ClusterSnapshot, _ chance: inout SeededRandom) -> ClusterSnapshot {
        var snapshot = snapshot
        for node in snapshot.egressNodes.indices {
            let ids = snapshot.egressNodes[node].resolutions.map(\.id).shuffled(using: &chance)
            for (position, id) in ids.enumerated() { snapshot.egressNodes[node].resolutions[position].id = id }
        }
        return snapshot
    }

    /// Where gateways are unreachable the datapath goes along a pod's list, and so meets what the first choice never shows.
    @Test func `nor is there a third verdict for those who fail over, in either family`() throws {
        var chosen: Set<Int> = []
        var families: Set<IPFamily> = []
        for seed in 20_000..<20_040 {
            var cluster = RandomCluster(seed: seed)
            let names = cluster.snapshot.nodes.map(\.name)
            let gateways = cluster.snapshot.nodes.compactMap { $0.tunnelAddress(.ipv4) }
            var states = Dictionary(names.map { ($0, DatapathState()) }, uniquingKeysWith: { first, _ in first })
            var last = cluster.snapshot
            for _ in 0..<4 {
                let dead = Set(gateways.filter { _ in cluster.chance.oneIn(2) })
                for name in names {
                    let old = states[name] ?? DatapathState()
                    let new = try #require(SampleNode.lower(name, cluster.snapshot, previous: old)).state
                    let flows = flows(name, last, cluster.snapshot)
                    check(old, new, flows, seed, dead: dead)
                    families.formUnion(flows.map(\.1.family))
                    for choice in new.choices.values {
                        chosen.formUnion(choice.ranked.indices.filter { !dead.contains(choice.ranked[$0].gateway) }.prefix(1))
                    }
                    states[name] = new
                }
                last = cluster.snapshot
                cluster.change()
            }
        }
        #expect(chosen.isSuperset(of: [0, 1, 2]) && families == [.ipv4, .ipv6])
    }

    @Test func `a helper that ends in the middle goes on from what is there`() throws {
        for seed in 10400..<10500 {
            var cluster = RandomCluster(seed: seed)
            let name = cluster.chance.pick(cluster.snapshot.nodes).name
            var state = DatapathState()
            for _ in 0..<5 {
                let world = cluster.snapshot
                let wanted = try #require(SampleNode.lower(name, world, previous: state)).state
                check(state, wanted, flows(name, world), seed)
                let operations = difference(from: state, to: wanted)
                for operation in operations.prefix(Int.random(in: 0...operations.count, using: &cluster.chance)) { state.apply(operation) }
                cluster.change()
            }
        }
    }

    @Test func `nothing to do is no step`() throws {
        let state = try #require(SampleNode.lower("node-2", ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced())).state
        #expect(difference(from: state, to: state) == [])
    }

    @Test func `a new pod's programs come first, its record last`() throws {
        let state = try #require(SampleNode.lower("node-1", ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced())).state
        let steps = difference(from: DatapathState(), to: state)
        #expect(steps.first == .attach(Attachment(program: .podIn, interfaceIndex: 11)))
        let record = try #require(state.pods[11])
        #expect(steps.last == .setPod(interfaceIndex: 11, record))
    }

    @Test func `an entry whose address leaves forgets its translations, and its pods' connections only where a choice changed`() throws {
        let before = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        var after = before
        after.policies[0].policy?.gateways[0].source = .address("192.0.2.12")
        after = after.announced()
        let old = try #require(SampleNode.lower("node-2", before)).state
        var facts = SampleNode.facts("node-2", after)
        for index in facts.interfaces.indices {
            facts.interfaces[index].facts.addresses.removeAll { $0.address == "198.51.100.100" }
        }
        let plan = try #require(SampleNode.plan("node-2", after))
        let new = EgressPlan.lower(plan, facts: facts, tunnel: SampleNode.tunnel, previous: old).state
        let steps = difference(from: old, to: new)
        #expect(steps.contains(.forgetTranslations(entry: 1)))
        #expect(steps.contains(.removeEgressAddress("198.51.100.100")))
        #expect(!steps.contains(.forgetFlows(interfaceIndex: 10)))
    }

    @Test func `only an address that an entry loses ends connections`() throws {
        let snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        let one = try #require(SampleNode.lower("node-2", snapshot)).state
        var two = one
        let record = try #require(one.entries[1])
        two.entries[1] = EntryRecord(
            egressIPv4: record.egressIPv4 + ["198.51.100.101"], set: record.set, interfaceIndex: nil, policy: record.policy,
            keptPorts: record.keptPorts, portSlice: record.portSlice, isShared: false)
        two.egressAddresses["198.51.100.101"] = EgressAddressRecord(isShared: false)
        #expect(
            difference(from: one, to: two) == [
                .setEgressAddress("198.51.100.101", EgressAddressRecord(isShared: false)),
                .setEntry(id: 1, try #require(two.entries[1])),
            ])
        #expect(
            difference(from: two, to: one) == [
                .setEntry(id: 1, record), .forgetTranslations(entry: 1), .removeEgressAddress("198.51.100.101"),
            ])
    }

    @Test func `after any number of steps each pod has an old address of its entry, a new one, or none`() throws {
        var chance = SeededRandom(seed: 44)
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        for number in 20..<40 {
            snapshot.pods.append(
                .sample(
                    "m\(number)", ["org": "empire", "class": "mediabot"], on: "node-2", at: IPAddress(ipv4: 0x0AF4_0200 + UInt32(number))))
        }
        var state = try #require(SampleNode.lower("node-2", snapshot)).state
        var plan = try #require(SampleNode.plan("node-2", snapshot))
        for seed in 0..<60 {
            let addresses = (0..<20).map { IPAddress(ipv4: 0xC633_6464 + UInt32($0)) }.shuffled(using: &chance)
            plan.entries[0].ipv4 = Array(addresses.prefix(Int.random(in: 1...18, using: &chance)))
            plan.entries[0].sharedAddresses = chance.oneIn(4) ? Array(plan.entries[0].ipv4.prefix(1)) : []
            let wanted = EgressPlan.lower(
                plan, facts: SampleNode.facts("node-2", snapshot), tunnel: SampleNode.tunnel, previous: state
            ).state
            check(state, wanted, flows("node-2", snapshot), seed)
            state = wanted
        }
    }

    @Test func `a pod that is let go is detached before its record goes, and its connections are forgotten`() throws {
        let before = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        var after = before
        after.pods[0].metadata.labels = [:]
        let old = try #require(SampleNode.lower("node-1", before)).state
        let new = try #require(SampleNode.lower("node-1", after, previous: old)).state
        let steps = difference(from: old, to: new)
        let detach = try #require(steps.firstIndex(of: .detach(Attachment(program: .pod, interfaceIndex: 11))))
        let remove = try #require(steps.firstIndex(of: .removePod(interfaceIndex: 11)))
        let forget = try #require(steps.firstIndex(of: .forgetFlows(interfaceIndex: 11)))
        #expect(detach < remove && remove < forget)
    }

    @Test func `a pod whose program alone is gone keeps its record and its connections, one with another record does not`() throws {
        let snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        let state = try #require(SampleNode.lower("node-1", snapshot)).state
        var found = state
        found.attachments = found.attachments.filter { $0.interfaceIndex != 11 }
        let programs = [Attachment(program: .podIn, interfaceIndex: 11), Attachment(program: .pod, interfaceIndex: 11)]
        #expect(difference(from: found, to: state) == programs.map { .attach($0) })
        // As a helper leaves it that ended between detaching and removing.
        let others: [(inout DatapathState) -> Void] = [
            { $0.pods[11]?.ipv4 = "10.244.1.99" }, { $0.choices = [:] }, { $0.cluster["198.18.0.0/15"] = .pod },
            { $0.gateways["192.0.2.12"] = GatewayRecord(place: .local) },
        ]
        for change in others {
            var other = found
            change(&other)
            let steps = difference(from: other, to: state)
            let removed = try #require(steps.firstIndex(of: .removePod(interfaceIndex: 11)))
            let forgotten = try #require(steps.firstIndex(of: .forgetFlows(interfaceIndex: 11)))
            #expect(removed < forgotten)
        }
    }

    @Test func `a pod whose rules and choice change together is quiet in between, one with a single change is not`() throws {
        let both = EgressGatewayPolicy.sample(
            "p", via: [GatewayEntry(nodeSelector: ["node.kubernetes.io/name": "node-2"], source: .defaultRoute)])
        let before = ClusterSnapshot.sample(both).announced()
        let old = try #require(SampleNode.lower("node-1", before)).state
        var moved = before
        moved.policies[0].policy?.gateways[0].nodeSelector = ["node.kubernetes.io/name": "node-3"]
        let choiceOnly = try #require(SampleNode.lower("node-1", moved.announced(), previous: old)).state
        #expect(!difference(from: old, to: choiceOnly).contains(.removePod(interfaceIndex: 11)))
        moved.policies[0].policy?.excludedCIDRs = ["203.0.113.0/24"]
        let twice = try #require(SampleNode.lower("node-1", moved.announced(), previous: old)).state
        let steps = difference(from: old, to: twice)
        let quiet = try #require(steps.firstIndex(of: .removePod(interfaceIndex: 11)))
        let record = try #require(twice.pods[11])
        let flip = try #require(steps.firstIndex(of: .setPod(interfaceIndex: 11, record)))
        #expect(quiet < flip)
    }
}
