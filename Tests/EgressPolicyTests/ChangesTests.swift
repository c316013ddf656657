import EgressModel
import EgressPolicy
import EngineSamples
import Foundation
import TestRandom
import Testing

/// What really happens to a packet.
private enum Fate: Hashable {
    case asNode
    case dropped
    case by(node: String?, egressIP: IPAddress?)

    init(_ rule: ResolvedRule?) {
        switch rule?.action {
        case nil, .exclude: self = .asNode
        case .drop: self = .dropped
        case .gateway: self = .by(node: rule?.gatewayNode, egressIP: rule?.egressIP)
        }
    }

    /// As `explain` has it, which goes another way to find out.
    init(_ pod: Pod, _ destination: IPAddress, _ effective: EffectivePolicy) {
        guard let verdict = explain(pod, to: Destination(address: destination), in: effective).verdict else {
            self = .asNode
            return
        }
        switch verdict.action {
        case .gateway: self = .by(node: verdict.gatewayNode, egressIP: verdict.egressIP)
        case .drop: self = .dropped
        case nil, .exclude, .direct, .notApplicable: self = .asNode
        }
    }
}

private func changes(_ before: ClusterSnapshot, _ after: ClusterSnapshot) -> PolicyChanges {
    policyChanges(before: resolve(before), after: resolve(after))
}

/// A cluster and what became of it, by seed.
private func history(_ seed: Int, _ steps: Int = 1) -> [ClusterSnapshot] {
    var cluster = RandomCluster(seed: seed)
    var states = [cluster.snapshot]
    for _ in 0..<steps {
        cluster.change()
        states.append(cluster.snapshot)
    }
    return states
}

@Suite struct ChangePropertyTests {
    @Test(arguments: 0..<300) func `a row stands for exactly the destinations that explain tells otherwise of`(seed: Int) {
        let states = history(seed)
        let (before, after) = (resolve(states[0]), resolve(states[1]))
        let rows = Dictionary(
            uniqueKeysWithValues: policyChanges(before: before, after: after).pods.map { ($0.pod.reference, $0.destinations) })
        let moved = Set(before.clusterRanges.map(\.prefix)).symmetricDifference(after.clusterRanges.map(\.prefix))
        for reference in Set((Array(before.pods) + after.pods).map(\.pod.reference)) {
            let (old, new) = (before.pods.first { $0.pod.reference == reference }, after.pods.first { $0.pod.reference == reference })
            let prefixes = moved.union([old, new].compactMap(\.self).flatMap { Array($0.rules) }.map(\.prefix))
            for destination in RandomCluster.destinations {
                let was = old.map { Fate($0.pod, destination, before) } ?? .asNode
                let becomes = new.map { Fate($0.pod, destination, after) } ?? .asNode
                let region = prefixes.filter { $0.contains(destination) }.max { $0.length < $1.length }
                let row = rows[reference]?.first { $0.prefix == region }
                if was == becomes {
                    // In a region that is partly inside the cluster on both sides, the rest of it may change.
                    let isInside = before.clusterRange(holding: destination) != nil && after.clusterRange(holding: destination) != nil
                    #expect(row == nil || isInside, "\(reference) to \(destination): \(was), and a row for \(region?.description ?? "-")")
                } else {
                    #expect(Fate(row?.before) == was && Fate(row?.after) == becomes, "\(reference) to \(destination): \(was) -> \(becomes)")
                }
            }
        }
    }

    @Test(arguments: 0..<60) func `equal clusters don't differ, in whatever order their objects come`(seed: Int) {
        var chance = SeededRandom(seed: seed)
        let states = history(seed)
        #expect(changes(states[1], states[1]).isEmpty)
        #expect(changes(states[1], states[1].shuffled(using: &chance)).isEmpty)
        let (one, other) = (
            changes(states[0], states[1]), changes(states[0].shuffled(using: &chance), states[1].shuffled(using: &chance))
        )
        #expect(one.pods.map(\.pod) == other.pods.map(\.pod))
        #expect(one.pods.map(\.destinations) == other.pods.map(\.destinations))
        #expect(one.findings == other.findings)
    }

    @Test(arguments: 0..<100) func `the way back has the same rows, with gain and loss exchanged`(seed: Int) {
        let states = history(seed)
        let (there, back) = (changes(states[0], states[1]), changes(states[1], states[0]))
        #expect(there.gain == back.lose && there.lose == back.gain && there.change == back.change)
        #expect(there.gain + there.lose + there.change == there.pods.count)
        #expect(there.pods.map { $0.destinations.map(\.prefix) } == back.pods.map { $0.destinations.map(\.prefix) })
        for (forth, reverse) in zip(there.pods, back.pods) {
            for (a, b) in zip(forth.destinations, reverse.destinations) {
                #expect(Fate(a.before) == Fate(b.after) && Fate(a.after) == Fate(b.before))
            }
        }
    }

    @Test(arguments: 0..<100) func `a pod that two changes leave alone is left alone by both together`(seed: Int) {
        let states = history(seed, 2)
        let touched = Set((changes(states[0], states[1]).pods + changes(states[1], states[2]).pods).map(\.pod.reference))
        for pod in changes(states[0], states[2]).pods { #expect(touched.contains(pod.pod.reference)) }
    }
}

@Suite struct ChangeTests {
    private let before = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()

    /// The pods that change, each with its prefixes.
    private func rows(_ changes: PolicyChanges) -> [String] {
        changes.pods.flatMap { pod in pod.destinations.map { "\(pod.pod.name) \($0.prefix)" } }
    }

    private func forecast(_ policy: EgressGatewayPolicy) -> PolicyChanges {
        let after = before.overlaid(by: ClusterSnapshot(policies: [policy.object]))
        let forecast = Forecast(from: before, to: after)
        return policyChanges(before: resolve(before), after: resolve(forecast.snapshot), unasked: forecast.unasked)
    }

    @Test func `a new policy gives pods an egress IP once its gateway has announced it`() {
        let changes = forecast(.sample("all", to: ["9.9.9.0/24"]))
        #expect(rows(changes) == ["bystander 9.9.9.0/24", "mediabot 9.9.9.0/24", "mediabot-2 9.9.9.0/24"])
        #expect(changes.gain == 1)
        #expect(changes.change == 2)
        #expect(changes.pods[0].destinations[0].after?.egressIP == "192.0.2.12")
        #expect(changes.findings.contains { $0.code == .policyTakesOver && $0.message.contains("2 pods (such as default/mediabot)") })
        #expect(!changes.findings.contains { $0.code == .entryNotAnnounced })
    }

    @Test func `a prefix that two longer ones decide all of is no row`() {
        var policy = ClusterSnapshot.egressSample
        policy.destinationCIDRs = ["0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0"]
        policy.gateways = [.sample("node-2", .defaultRoute)]
        #expect(rows(forecast(policy)).filter { $0.hasPrefix("mediabot ") } == ["mediabot 0.0.0.0/1", "mediabot 128.0.0.0/1"])
    }

    @Test func `a destination inside the cluster is no row`() {
        #expect(rows(forecast(.sample("inside", to: ["10.244.2.0/24", "10.244.1.8/32"]))).isEmpty)
    }

    @Test func `another policy that says the same is no change`() {
        var twin = EgressGatewayPolicy.sample(
            "twin", pods: ["org": "empire", "class": "mediabot"], via: [.sample("node-2", .address("198.51.100.100"))], priority: 1)
        twin.destinationCIDRs = ["203.0.113.0/24", "0.0.0.0/0"]
        #expect(forecast(twin).pods.isEmpty)
    }

    @Test func `a policy with a gateway that lacks the address drops, and says so`() {
        let changes = forecast(.sample("wrong", to: ["9.9.9.0/24"], via: [.sample("node-2", .address("198.51.100.7"))]))
        #expect(changes.pods.allSatisfy { $0.destinations[0].after?.action == .drop })
        #expect(changes.findings.contains { $0.code == .addressOnNoInterface })
        let drops = changes.findings.filter { $0.code == .changeDrops }
        #expect(drops.count == 1)
        #expect(drops.first?.message == "packets of 3 pods (such as default/bystander) that leave today would be dropped (EG1101)")
        #expect(changes.lose == 2 && changes.change == 1)
    }

    @Test func `a policy that a module answers for is said to be unknown, not dropped`() {
        var policy = EgressGatewayPolicy.sample("module", to: ["9.9.9.0/24"])
        policy.strategy = StrategyReference(name: "static")
        let changes = forecast(policy)
        #expect(changes.gain == 1)
        #expect(changes.pods.allSatisfy { $0.destinations[0].after?.reason.code == .moduleNotAsked })
        #expect(changes.pods.allSatisfy { $0.destinations[0].after?.egressIP == nil })
        #expect(!changes.findings.contains { $0.object?.name == "module" && $0.severity < .info })
        #expect(changes.findings.contains { $0.code == .moduleNotAsked })
    }

    @Test func `an overlap that ends is said`() {
        let twin = EgressGatewayPolicy.sample("twin", pods: ["org": "empire"], via: [.sample("node-3", .defaultRoute)])
        let both = before.overlaid(by: ClusterSnapshot(policies: [twin.object])).announced()
        let reference = ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "egress-sample")
        #expect(changes(both, both.without([reference])).findings.contains { $0.code == .overlapEnds && $0.object?.name == "twin" })
        #expect(changes(before, both).findings.contains { $0.code == .overlapLost })
    }

    @Test func `pods that come to share one address are counted against its ports`() {
        var crowd = ClusterSnapshot.sample()
        crowd.pods = (0..<200).map {
            .sample("pod-\($0)", ["app": "crowd"], at: IPAddress(ipv4: 0x0AF4_0100 + UInt32($0)))
        }
        func scarce(_ source: GatewayEntry.Source) -> [String] {
            let after = crowd.overlaid(
                by: ClusterSnapshot(policies: [EgressGatewayPolicy.sample("p", via: [.sample("node-2", source)]).object]))
            return changes(crowd, Forecast(from: crowd, to: after).snapshot).findings.filter { $0.code == .portsScarce }.map(\.message)
        }
        #expect(
            scarce(.defaultRoute) == [
                "200 pods would share 192.0.2.12 (today 0): of its 8192 ports to one remote address and port that leaves 40 for each"
            ])
        #expect(scarce(.address("198.51.100.100")).isEmpty)
        #expect(scarce(.address("192.0.2.12")).count == 1)
    }

    @Test func `the figures for ports are those of the datapath`() throws {
        let source = try projectText("Sources/EgressPlan/Datapath/SourcePorts.swift")
        func width(_ name: String) -> Int? {
            let pattern = try? Regex("static let \(name): ClosedRange<UInt16> = ([0-9]+)\\.\\.\\.([0-9]+)")
            guard let pattern, let match = source.firstMatch(of: pattern), let low = match[1].substring.flatMap({ Int($0) }),
                let high = match[2].substring.flatMap({ Int($0) })
            else { return nil }
            return high - low + 1
        }
        #expect(width("dedicated") == DatapathLimits.portsOfDedicatedAddress)
        #expect(width("shared") == DatapathLimits.portsOfSharedAddress)
    }

    @Test func `a pod that comes gains, and one that goes loses`() {
        var after = before
        after.pods.removeAll { $0.name == "mediabot" }
        after.pods.append(.sample("mediabot-9", ["org": "empire", "class": "mediabot"], at: "10.244.1.99"))
        let found = changes(before, after)
        #expect(found.pods.map { "\($0.pod.name) \($0.kind)" } == ["mediabot lose", "mediabot-9 gain"])
    }
}

private func projectText(_ path: String) throws -> String {
    try String(contentsOfFile: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/" + path, encoding: .utf8)
}
