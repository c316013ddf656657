import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct EntryIDTests {
    @Test func `every matching node announces the entry, chosen or not`() {
        let snapshot = ClusterSnapshot.sample(.sample("p", via: [GatewayEntry(nodeSelector: [:], source: .defaultRoute)])).announced()
        #expect(snapshot.egressNodes.map { $0.resolutions.map(\.id) } == [[1], [1], [1]])
    }

    @Test func `an id stays with its policy and entry, and a gone one is never given out again`() {
        var snapshot = ClusterSnapshot.sample(.sample("b")).announced()
        snapshot.policies.append(EgressGatewayPolicy.sample("a").object)
        snapshot = snapshot.announced()
        #expect(snapshot.egressNodes[1].resolutions.map { [$0.policy: $0.id] } == [["a": 2], ["b": 1]])
        snapshot.policies.removeAll()
        snapshot = snapshot.announced()
        #expect(snapshot.egressNodes[1].resolutions == [])
        #expect(snapshot.egressNodes[1].lastEntryID == 2)
        snapshot.policies = [EgressGatewayPolicy.sample("c").object, EgressGatewayPolicy.sample("b").object]
        #expect(Set(snapshot.announced().egressNodes[1].resolutions.map(\.id)) == [3, 4])
    }

    @Test func `a policy of the same name and another uid is another owner`() {
        var snapshot = ClusterSnapshot.sample(.sample("p")).announced()
        snapshot.policies[0].metadata.uid = "another"
        snapshot.policies[0].policy?.metadata.uid = "another"
        #expect(snapshot.announced().egressNodes[1].resolutions.map(\.id) == [2])
    }

    @Test func `when the ids are used up a new entry is announced without one`() {
        var snapshot = ClusterSnapshot.sample(.sample("p"))
        snapshot.egressNodes[1].lastEntryID = EntryAnnouncement.highestID - 1
        #expect(snapshot.announced().egressNodes[1].resolutions.map(\.id) == [EntryAnnouncement.highestID])
        snapshot.egressNodes[1].lastEntryID = .max
        let announced = snapshot.announced().egressNodes[1].resolutions
        #expect(announced.map(\.id) == [0])
        #expect(announced.map(\.code) == ["EG1007"])
        #expect(announced.allSatisfy { !$0.hasAddresses })
    }

    @Test func `an id that two entries claim, or that no tunnel can carry, isn't trusted`() {
        var snapshot = ClusterSnapshot.sample(.sample("a"), .sample("b"), .sample("c"))
        snapshot.egressNodes[1].resolutions = [
            EntryResolution(policy: "a", uid: "policy-a", entry: 0, id: 7), EntryResolution(policy: "b", uid: "policy-b", entry: 0, id: 7),
            EntryResolution(policy: "c", uid: "policy-c", entry: 0, id: 0),
        ]
        #expect(snapshot.announced().egressNodes[1].resolutions.map(\.id) == [7, 8, 9])
    }

    @Test func `an incomplete snapshot changes no announcement`() {
        var snapshot = ClusterSnapshot.sample(.sample("p")).announced()
        let before = snapshot.egressNodes[1].resolutions
        snapshot.policies = []
        snapshot.isComplete = false
        #expect(resolveEntries(node: "node-2", in: snapshot) == EntryAnnouncement(resolutions: before, lastEntryID: 1))
    }

    @Test func `whatever happens, no id ever has two owners`() {
        for seed in 0..<60 {
            var cluster = RandomCluster(seed: seed)
            var owners: [String: [UInt32: EntryKey]] = [:]
            for _ in 0..<12 {
                for node in cluster.snapshot.egressNodes {
                    for resolution in node.resolutions {
                        let key = EntryKey(policyUID: resolution.uid, entry: resolution.entry)
                        #expect(owners[node.name]?[resolution.id] ?? key == key, "seed \(seed)")
                        owners[node.name, default: [:]][resolution.id] = key
                    }
                }
                cluster.change()
            }
        }
    }
}
