import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// Ids of a gateway whose counter is used up: three in all.
@Suite struct RestingIDTests {
    private func at(_ minutes: Int, _ seconds: Int = 0) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "2026-11-22T1\(minutes / 60):\(two(minutes % 60)):\(two(seconds))Z"
    }

    private func cluster(_ names: String...) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot.sample()
        set(&snapshot, names)
        return snapshot
    }

    private func set(_ snapshot: inout ClusterSnapshot, _ names: [String]) {
        snapshot.policies = names.map { EgressGatewayPolicy.sample($0).object }
    }

    private func turn(_ snapshot: inout ClusterSnapshot, _ now: String?, _ names: String...) {
        set(&snapshot, names)
        if let now { for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].reportedAt = now } }
        snapshot = snapshot.announced(now: now, highestID: 3)
    }

    /// Policy to id, on the gateway.
    private func ids(_ snapshot: ClusterSnapshot) -> [String: UInt32] {
        Dictionary(snapshot.egressNodes[1].resolutions.map { ($0.policy, $0.id) }, uniquingKeysWith: { first, _ in first })
    }

    /// All three given out, and the counter's end seen, an hour ago.
    private func usedUp() -> ClusterSnapshot {
        var snapshot = cluster()
        turn(&snapshot, at(0), "a", "b", "c")
        turn(&snapshot, at(0), "a", "b", "c")
        turn(&snapshot, at(60), "a", "b", "c")
        return snapshot
    }

    @Test func `while there are new ids none is given out again, however long it rested`() {
        var snapshot = cluster()
        turn(&snapshot, at(0), "a")
        turn(&snapshot, at(1))
        turn(&snapshot, at(90), "b")
        #expect(ids(snapshot) == ["b": 2])
        #expect(snapshot.egressNodes[1].restingIDs == nil)
    }

    @Test func `an id that became free is given out again after a quarter of an hour, and not a second before`() {
        var snapshot = usedUp()
        turn(&snapshot, at(60), "a", "c")
        #expect(snapshot.egressNodes[1].restingIDs == RestingIDs(ids: [RestingID(id: 2, since: at(60))]))
        turn(&snapshot, at(74, 59), "a", "c", "d")
        #expect(ids(snapshot) == ["a": 1, "c": 3, "d": 0])
        turn(&snapshot, at(75), "a", "c", "d")
        #expect(ids(snapshot) == ["a": 1, "c": 3, "d": 2])
        #expect(snapshot.egressNodes[1].restingIDs == RestingIDs())
    }

    @Test func `when the counter ends, all that is free rests from then on, as nobody remembers since when it was`() {
        var snapshot = cluster()
        turn(&snapshot, at(0), "a", "b")
        turn(&snapshot, at(10), "c")
        turn(&snapshot, at(11), "c", "d")
        #expect(ids(snapshot) == ["c": 3, "d": 0])
        #expect(snapshot.egressNodes[1].restingIDs == RestingIDs(allSince: at(11)))
        turn(&snapshot, at(25, 59), "c", "d")
        #expect(ids(snapshot)["d"] == 0)
        turn(&snapshot, at(26), "c", "d", "e")
        #expect(ids(snapshot) == ["c": 3, "d": 1, "e": 2])
    }

    @Test func `an id that rests belongs to nobody, not to the policy that had it either`() {
        var snapshot = usedUp()
        turn(&snapshot, at(60), "a", "c")
        turn(&snapshot, at(61), "a", "b", "c")
        #expect(ids(snapshot) == ["a": 1, "b": 0, "c": 3])
    }

    @Test func `who holds an id keeps it when all are used up`() {
        var snapshot = usedUp()
        turn(&snapshot, at(60, 1), "0", "a", "b", "c")
        #expect(ids(snapshot) == ["0": 0, "a": 1, "b": 2, "c": 3])
    }

    @Test func `while a node isn't heard, nothing rests to its end`() {
        var unready = usedUp()
        turn(&unready, at(60), "a", "c")
        unready.nodes[0].isReady = false
        turn(&unready, at(74), "a", "c")
        unready.nodes[0].isReady = true
        turn(&unready, at(80), "a", "c", "d")
        #expect(ids(unready)["d"] == 0, "it was away six minutes ago")
        turn(&unready, at(89), "a", "c", "d")
        #expect(ids(unready)["d"] == 2)

        var silent = usedUp()
        turn(&silent, at(60), "a", "c")
        set(&silent, ["a", "c", "d"])
        silent = silent.announced(now: at(80), highestID: 3)
        #expect(ids(silent)["d"] == 0, "no report since 11:00")
        turn(&silent, at(94), "a", "c", "d")
        #expect(ids(silent)["d"] == 0)
        turn(&silent, at(95), "a", "c", "d")
        #expect(ids(silent)["d"] == 2)
    }

    @Test func `a node that is gone is waited for no longer`() {
        var snapshot = usedUp()
        turn(&snapshot, at(60), "a", "c")
        snapshot.egressNodes[0].reportedAt = at(30)
        snapshot.nodes.remove(at: 0)
        set(&snapshot, ["a", "c", "d"])
        for index in 1...2 { snapshot.egressNodes[index].reportedAt = at(75) }
        #expect(ids(snapshot.announced(now: at(75), highestID: 3))["d"] == 2)
    }

    @Test func `a node that stays away makes no new report of every turn`() {
        var snapshot = usedUp()
        snapshot.nodes[0].isReady = false
        turn(&snapshot, at(61), "a", "b", "c")
        let first = snapshot.egressNodes[1].restingIDs
        #expect(first == RestingIDs(allSince: at(61)))
        turn(&snapshot, at(61, 59), "a", "b", "c")
        #expect(snapshot.egressNodes[1].restingIDs == first)
        turn(&snapshot, at(62, 1), "a", "b", "c")
        #expect(snapshot.egressNodes[1].restingIDs == RestingIDs(allSince: at(62, 1)))
    }

    @Test func `without a clock nothing comes to an end, and what became free meanwhile is no exception`() {
        var snapshot = usedUp()
        turn(&snapshot, nil, "a", "c", "d")
        #expect(ids(snapshot)["d"] == 0)
        #expect(snapshot.egressNodes[1].restingIDs == nil)
        turn(&snapshot, at(80), "a", "c", "d")
        #expect(snapshot.egressNodes[1].restingIDs == RestingIDs(allSince: at(80)))
        turn(&snapshot, at(95), "a", "c", "d")
        #expect(ids(snapshot)["d"] == 2)
    }

    @Test(arguments: ["2026-11-22T23:00:00Z", "never"])
    func `a moment that is still to come, or none, isn't taken for an old one`(_ since: String) {
        var snapshot = usedUp()
        turn(&snapshot, at(60), "a", "c")
        snapshot.egressNodes[1].restingIDs = RestingIDs(ids: [RestingID(id: 2, since: since)])
        turn(&snapshot, at(90), "a", "c", "d")
        #expect(ids(snapshot)["d"] == 0)
    }

    @Test func `more free ids than are remembered one by one rest together`() {
        var snapshot = cluster()
        let highest: UInt32 = 1100
        snapshot.egressNodes[1].lastEntryID = highest
        snapshot.egressNodes[1].restingIDs = RestingIDs()
        snapshot.egressNodes[1].resolutions = (1...highest).map {
            EntryResolution(policy: "p\($0)", uid: "u\($0)", entry: 0, id: $0, ipv4: ["192.0.2.12"])
        }
        for index in snapshot.egressNodes.indices { snapshot.egressNodes[index].reportedAt = at(0) }
        let announced = resolveEntries(node: "node-2", in: snapshot, now: at(0), highestID: highest)
        #expect(announced.resting == RestingIDs(allSince: at(0)))
    }

    @Test func `a node that isn't in the cluster for a moment frees its ids like any other`() {
        var snapshot = usedUp()
        let node = snapshot.nodes.remove(at: 1)
        turn(&snapshot, at(60), "a", "b", "c")
        #expect(snapshot.egressNodes[1].resolutions == [])
        #expect(snapshot.egressNodes[1].restingIDs?.ids.map(\.id) == [1, 2, 3])
        snapshot.nodes.append(node)
        turn(&snapshot, at(61), "a")
        #expect(ids(snapshot) == ["a": 0])
    }

    @Test func `an incomplete view neither frees an id nor ends a rest`() {
        var snapshot = usedUp()
        turn(&snapshot, at(60), "a", "c")
        let before = snapshot.egressNodes[1]
        snapshot.isComplete = false
        turn(&snapshot, at(90), "d")
        #expect(snapshot.egressNodes[1].resolutions == before.resolutions)
        #expect(snapshot.egressNodes[1].restingIDs == before.restingIDs)
    }

    @Test func `a policy whose gateway has no id left is dropped with that reason, and told`() throws {
        var snapshot = usedUp()
        turn(&snapshot, at(60, 1), "0", "a", "b", "c")
        let effective = resolve(snapshot)
        let finding = try #require(effective.findings.first { $0.object?.name == "0" && $0.severity == .error })
        #expect(finding.code == .entryIDsUsedUp)
        #expect(finding.field == "spec.egressGateway")
        #expect(finding.message == "node-2 has given out every entry id, and none has rested long enough to be given out again")
        #expect(!effective.findings.contains { $0.code == .entryNotAnnounced })
        let rule = try #require(effective.pods.first { $0.pod.name == "mediabot" }?.rules.first)
        #expect(rule.policy == "0")
        #expect(rule.action == .drop)
        #expect(rule.reason.code == .entryIDsUsedUp)
        #expect(rule.gatewayNode == "node-2")
    }
}
