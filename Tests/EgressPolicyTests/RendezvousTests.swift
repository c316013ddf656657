import EgressModel
import EgressPolicy
import EngineSamples
import TestRandom
import Testing

/// A gateway that comes or goes moves its own share of the pods, and nobody else.
@Suite struct RendezvousTests {
    private static let most = 16

    /// One policy of sixteen gateways, of which the first `count` are ready.
    private func cluster(seed: Int, pods: Int) -> ClusterSnapshot {
        var chance = SeededRandom(seed: seed)
        let entries = (1...Self.most).map { GatewayEntry.sample("node-\($0)", .defaultRoute) }
        var policy = EgressGatewayPolicy.sample("p", via: entries)
        policy.metadata.uid = Self.uid(&chance)
        var snapshot = ClusterSnapshot(policies: [policy.object])
        for number in 1...Self.most {
            let address = IPAddress(ipv4: 0xC000_0200 + UInt32(number))
            snapshot.nodes.append(.sample("node-\(number)", address))
            snapshot.egressNodes.append(.sample("node-\(number)", .sample("eth0", 2, "\(address)/24")))
        }
        snapshot.pods = (0..<pods).map { .sample("pod-\($0)", at: IPAddress(ipv4: 0x0AF4_0000 + UInt32($0))) }
        for index in snapshot.pods.indices { snapshot.pods[index].metadata.uid = Self.uid(&chance) }
        return snapshot.announced()
    }

    /// As Kubernetes makes them.
    private static func uid(_ chance: inout SeededRandom) -> String {
        let digits = Array("0123456789abcdef")
        return [8, 4, 4, 4, 12].map { length in String((0..<length).map { _ in chance.pick(digits) }) }.joined(separator: "-")
    }

    /// Of each pod its gateways, best first.
    private func ranked(_ snapshot: ClusterSnapshot, ready: (Int) -> Bool = { _ in true }) -> [[String]] {
        var snapshot = snapshot
        for index in snapshot.nodes.indices { snapshot.nodes[index].isReady = ready(index) }
        return resolve(snapshot).pods.map { pod in pod.rules.first?.ranked.map(\.node) ?? [] }
    }

    /// Five standard deviations of a binomial share.
    private func isShare(_ count: Int, of total: Int, oneIn gateways: Int) -> Bool {
        let share = Double(total) / Double(gateways)
        return abs(Double(count) - share) <= 5 * (share * (1 - 1 / Double(gateways))).squareRoot()
    }

    @Test(arguments: [1, 2]) func `losing or adding one of n gateways moves one pod in n, and only that gateway's own`(seed: Int) {
        let total = 5000
        let snapshot = cluster(seed: seed, pods: total)
        let all = ranked(snapshot)
        #expect(all.allSatisfy { Set($0).count == Self.most })
        let names = snapshot.nodes.map(\.name)
        for count in 2...Self.most {
            // The scores of two gateways know nothing of each other: `each subset keeps its order` shows it on resolve itself.
            let before = all.map { pod in pod.filter(Set(names.prefix(count)).contains).first }
            for lost in 0..<count {
                let moved = before.count { $0 == names[lost] }
                #expect(isShare(moved, of: total, oneIn: count), "\(moved) of \(total) move when one of \(count) goes")
            }
            let fewer = all.map { pod in pod.filter(Set(names.prefix(count - 1)).contains).first }
            for (old, new) in zip(fewer, before) where old != new { #expect(new == names[count - 1], "only to the one that came") }
        }
    }

    @Test(arguments: 0..<6) func `each subset of gateways keeps its order in every pod's list`(seed: Int) {
        var chance = SeededRandom(seed: seed)
        let snapshot = cluster(seed: seed, pods: 400)
        let all = ranked(snapshot)
        let ready = Set(snapshot.nodes.indices.filter { _ in !chance.oneIn(3) })
        let names = Set(ready.map { snapshot.nodes[$0].name })
        #expect(ranked(snapshot, ready: ready.contains) == all.map { $0.filter(names.contains) })
    }

    @Test func `who takes over spreads over all that are left`() {
        let total = 5000
        let all = ranked(cluster(seed: 3, pods: total))
        for lost in all[0] {
            let heirs = all.filter { $0.first == lost }.compactMap { $0.dropFirst().first }
            for heir in all[0] where heir != lost {
                #expect(isShare(heirs.count { $0 == heir }, of: heirs.count, oneIn: Self.most - 1), "from \(lost) to \(heir)")
            }
        }
    }

    @Test func `another policy spreads the same pods another way`() {
        var snapshot = cluster(seed: 4, pods: 1600)
        let before = ranked(snapshot).map(\.first)
        snapshot.policies[0].policy?.metadata.uid = "another"
        snapshot.policies[0].metadata.uid = "another"
        let after = ranked(snapshot.announced()).map(\.first)
        #expect(isShare(zip(before, after).count { $0 == $1 }, of: 1600, oneIn: Self.most))
    }

    @Test func `a pod has one gateway for both of its families`() {
        var snapshot = cluster(seed: 5, pods: 50)
        snapshot.policies[0].policy?.destinationCIDRs = ["0.0.0.0/0", "::/0"]
        for index in snapshot.egressNodes.indices {
            snapshot.egressNodes[index].interfaces[0].addresses += ["2001:db8::1:\(index + 1)/64"].compactMap { InterfaceAddress($0) }
        }
        for index in snapshot.pods.indices { snapshot.pods[index].addresses.append(IPAddress(ipv6: 0xFD00 << 112 | UInt128(index + 1))) }
        for pod in resolve(snapshot.announced(), carrying: [.ipv4, .ipv6]).pods {
            #expect(pod.rules.count == 2)
            #expect(Set(pod.rules.map(\.gatewayNode)).count == 1)
            #expect(pod.rules.allSatisfy { $0.action == .gateway && $0.egressIP?.family == $0.source.family })
        }
    }
}
