import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// Precedence of prefixes is one algorithm for both families.
@Suite struct MatchSemanticsTests {
    private let both: Set<IPFamily> = [.ipv4, .ipv6]

    /// The pod's rule for the address, of policies for both families.
    private func rule(_ address: IPAddress, _ policies: EgressGatewayPolicy...) -> ResolvedRule? {
        var snapshot = ClusterSnapshot.sample()
        snapshot.pods = [.sample("x", at: "10.244.1.7", "fd00:244::7")]
        for index in snapshot.egressNodes.indices {
            snapshot.egressNodes[index].interfaces[0].addresses += ["2001:db8:1::\(index + 1)/64"].compactMap { InterfaceAddress($0) }
        }
        snapshot.policies = policies.map(\.object)
        return resolve(snapshot.announced(), carrying: both).pods[0].rule(for: address)
    }

    struct Family: Sendable {
        var all: IPPrefix, wide: IPPrefix, narrow: IPPrefix, address: IPAddress
    }

    static let families = [
        Family(all: "0.0.0.0/0", wide: "203.0.113.0/24", narrow: "203.0.113.128/25", address: "203.0.113.200"),
        Family(all: "::/0", wide: "2001:db8:7::/48", narrow: "2001:db8:7:8::/64", address: "2001:db8:7:8::9"),
    ]

    @Test(arguments: families) func `the longest prefix decides over priority, age and name`(_ family: Family) {
        let wide = EgressGatewayPolicy.sample("a", to: [family.wide], priority: 9, created: "2020-01-01T00:00:00Z")
        let narrow = EgressGatewayPolicy.sample("z", to: [family.narrow])
        #expect(rule(family.address, wide, narrow)?.policy == "z")
        #expect(rule(family.address, .sample("b", to: [family.all], priority: 99), wide)?.prefix == family.wide)
    }

    @Test(arguments: families) func `an exclusion counts by its length, against every policy`(_ family: Family) {
        #expect(rule(family.address, .sample("a", to: [family.wide], except: [family.narrow]))?.action == .exclude)
        #expect(rule(family.address, .sample("a", to: [family.narrow], except: [family.wide]))?.action == .gateway)
        #expect(rule(family.address, .sample("a", to: [family.wide], except: [family.wide]))?.action == .exclude)
        #expect(
            rule(family.address, .sample("a", to: [family.all], except: [family.narrow]), .sample("b", to: [family.wide], priority: 9))?
                .policy == "a")
    }

    @Test(arguments: families) func `of equal prefixes the winner is by priority, then age, then name`(_ family: Family) {
        func winner(_ policies: EgressGatewayPolicy...) -> String? {
            let forward = policies.count == 2 ? rule(family.address, policies[0], policies[1]) : nil
            let backward = policies.count == 2 ? rule(family.address, policies[1], policies[0]) : nil
            #expect(forward == backward)
            #expect(forward?.beats.count == 1)
            return forward?.policy
        }
        let (old, young) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
        #expect(winner(.sample("a", to: [family.wide], created: old), .sample("b", to: [family.wide], priority: 1, created: young)) == "b")
        #expect(winner(.sample("a", to: [family.wide], priority: -1), .sample("b", to: [family.wide])) == "b")
        #expect(winner(.sample("a", to: [family.wide], created: young), .sample("b", to: [family.wide], created: old)) == "b")
        #expect(winner(.sample("a", to: [family.wide]), .sample("b", to: [family.wide], created: young)) == "b")
        #expect(winner(.sample("node-10", to: [family.wide]), .sample("node-2", to: [family.wide])) == "node-10")
        // Between policies an exclusion has no right of its own.
        #expect(winner(.sample("a", to: [family.wide], priority: 1), .sample("b", to: [family.all], except: [family.wide])) == "a")
        #expect(winner(.sample("b", to: [family.wide]), .sample("a", to: [family.all], except: [family.wide])) == "a")
    }

    @Test(arguments: families) func `in-cluster is never steered, whatever prefix and priority ask for it`(_ family: Family) throws {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: [IPPrefix(host: family.address), family.all], priority: 99))
        snapshot.pods = [.sample("x", at: "10.244.1.7", "fd00:244::7")]
        let pod = snapshot.pods[0]
        func verdict(_ change: (inout ClusterSnapshot) -> Void) -> Verdict? {
            var changed = snapshot
            change(&changed)
            return explain(pod, to: Destination(address: family.address), in: resolve(changed.announced(), carrying: both)).verdict
        }
        #expect(verdict { _ in }?.code != .inCluster)
        #expect(verdict { $0.nodes[2].externalAddresses = [family.address] }?.code == .inCluster)
        #expect(verdict { $0.nodes[2].podCIDRs = [family.narrow] }?.code == .inCluster)
        #expect(verdict { $0.egressNodes[0].ranges.services = [family.wide] }?.code == .inCluster)
        #expect(
            verdict { $0.services = [Service(metadata: ObjectMetadata(name: "lb", uid: "s"), addresses: [family.address])] }?.code
                == .inCluster)
        #expect(verdict { $0.pods.append(.sample("y", at: family.address)) }?.code == .inCluster)
        #expect(verdict { $0.pods.append(.sample("y", at: family.address, phase: .succeeded)) }?.code != .inCluster)
        #expect(verdict { $0.apiServers = [family.address] }?.code == .inCluster)
    }
}
