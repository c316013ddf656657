import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import Testing

@Suite struct DrainingTests {
    private static let old: IPAddress = "198.51.100.100"
    private static let new: IPAddress = "192.0.2.12"

    /// node-2 with an entry that has one address, and that it has another one afterwards.
    private struct Change {
        let before: DatapathState
        let plan: NodePlan
        let facts: HostFacts

        init(to addresses: [IPAddress] = [DrainingTests.new], family: IPFamily = .ipv4) throws {
            let snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
            before = try #require(SampleNode.lower("node-2", snapshot)).state
            var plan = try #require(SampleNode.plan("node-2", snapshot))
            plan.entries[0].ipv4 = addresses
            self.plan = plan
            facts = SampleNode.facts("node-2", snapshot)
        }

        func lower(
            _ facts: HostFacts? = nil, _ plan: NodePlan? = nil, from previous: DatapathState? = nil, inUse: [UInt32: Set<IPAddress>]? = nil
        ) -> DatapathState {
            EgressPlan.lower(
                plan ?? self.plan, facts: facts ?? self.facts, tunnel: SampleNode.tunnel, previous: previous ?? before, inUse: inUse
            ).state
        }

        /// Without the old address on an interface.
        var withoutOld: HostFacts {
            var facts = facts
            for index in facts.interfaces.indices {
                facts.interfaces[index].facts.addresses.removeAll { $0.address == DrainingTests.old }
            }
            return facts
        }
    }

    @Test func `an address that an entry loses is drained while it is the node's`() throws {
        let change = try Change()
        let after = change.lower()
        let entry = try #require(after.entries[1])
        #expect(entry.egressIPv4 == [Self.new] && entry.draining == [Self.old])
        #expect(after.egressAddresses[Self.old] == change.before.egressAddresses[Self.old])
        #expect(after.netfilter.dedicated.contains(Self.old), "nothing may listen on it yet")
        let steps = difference(from: change.before, to: after)
        #expect(steps.contains(.setEntry(id: 1, entry)))
        #expect(!steps.contains(.forgetTranslations(entry: 1)) && !steps.contains(.removeEgressAddress(Self.old)))
    }

    @Test func `it ends when the address leaves the node`() throws {
        let change = try Change()
        let draining = change.lower()
        for previous in [change.before, draining] {
            let after = change.lower(change.withoutOld, from: previous)
            #expect(after.entries[1]?.draining == [] && after.egressAddresses[Self.old] == nil)
            let steps = difference(from: previous, to: after)
            let record = try #require(after.entries[1])
            let write = try #require(steps.firstIndex(of: .setEntry(id: 1, record)))
            let forget = try #require(steps.firstIndex(of: .forgetTranslations(entry: 1)))
            let remove = try #require(steps.firstIndex(of: .removeEgressAddress(Self.old)))
            #expect(write < forget && forget < remove)
        }
    }

    @Test func `it ends when no translation has the address any more, and not before somebody looked`() throws {
        let change = try Change()
        #expect(change.lower(inUse: [:]).entries[1]?.draining == [Self.old], "what was lost just now may be in use")
        let draining = change.lower()
        #expect(change.lower(from: draining).entries[1]?.draining == [Self.old])
        #expect(change.lower(from: draining, inUse: [1: [Self.old, Self.new]]).entries[1]?.draining == [Self.old])
        #expect(change.lower(from: draining, inUse: [1: [Self.new], 2: [Self.old]]).entries[1]?.draining == [])
        #expect(difference(from: draining, to: change.lower(from: draining, inUse: [1: [Self.old]])) == [])
    }

    @Test func `an address that comes back is the entry's own again`() throws {
        let change = try Change()
        let draining = change.lower()
        var plan = change.plan
        plan.entries[0].ipv4 = [Self.old]
        let after = change.lower(nil, plan, from: draining)
        #expect(after.entries[1]?.egressIPv4 == [Self.old])
        let steps = difference(from: draining, to: after)
        #expect(!steps.contains(.forgetTranslations(entry: 1)), "the other one is drained: it is the node's too")
    }

    @Test func `another policy's entry under the same id, and one that leaves by another interface, drain nothing`() throws {
        let change = try Change()
        var others = change.before
        let record = try #require(others.entries[1])
        for (policy, interface) in [(record.policy + 1, nil), (record.policy, 2)] as [(UInt32, Int?)] {
            others.entries[1] = EntryRecord(
                egressIPv4: record.egressIPv4, set: record.set, interfaceIndex: interface, policy: policy, keptPorts: record.keptPorts,
                portSlice: record.portSlice, isShared: false)
            #expect(change.lower(from: others).entries[1]?.draining == [])
        }
    }

    @Test func `a claimed address is another node's when its entry loses it`() throws {
        let change = try Change()
        var claiming = change.before
        let index = try #require(change.facts.interfaces.first { $0.facts.name == "eth0" }?.facts.index)
        claiming.claimedAddresses = [ClaimedAddress(Self.old, interfaceIndex: index)]
        #expect(change.lower(from: claiming).entries[1]?.draining == [])
    }

    @Test func `an entry has room for sixteen addresses of a family, and its own come first`() throws {
        let own = (0..<15).map { IPAddress(ipv4: 0xC633_6480 + UInt32($0)) }
        let change = try Change(to: own)
        var before = change.before
        let record = try #require(before.entries[1])
        before.entries[1] = EntryRecord(
            egressIPv4: [Self.old, Self.new], set: record.set, interfaceIndex: nil, policy: record.policy, keptPorts: record.keptPorts,
            portSlice: record.portSlice, isShared: false)
        before.egressAddresses[Self.new] = EgressAddressRecord(isShared: false)
        #expect(change.lower(from: before).entries[1]?.draining == [Self.new], "the lowest of two")
    }

    @Test func `an address that a policy names for a node is no socket's there before it comes`() throws {
        var snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample)
        snapshot.policies[0].policy?.gateways[0].source = .address("198.51.100.150")
        let plan = try #require(SampleNode.plan("node-2", snapshot.announced()))
        #expect(plan.entries == [] && plan.awaited == ["198.51.100.150"])
        let state = try #require(SampleNode.lower("node-2", snapshot.announced())).state
        #expect(state.netfilter.dedicated == ["198.51.100.150"] && state.egressAddresses == [:])
        #expect(try #require(SampleNode.plan("node-3", snapshot.announced())).awaited == [], "no policy names it a gateway")
        snapshot.policies[0].policy?.gateways[0].source = .address("192.0.2.12")
        #expect(try #require(SampleNode.plan("node-2", snapshot.announced())).awaited == [], "the node's own")
    }

    @Test func `a pod's node knows which address the pod has at each gateway`() throws {
        let snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()
        let state = try #require(SampleNode.lower("node-1", snapshot)).state
        #expect(Set(state.choices.values.flatMap(\.ranked).map(\.egress)) == [Self.old])
    }
}
