import EgressModel
import EgressPlan
import EgressPolicy
import EngineSamples
import Testing

/// Pods that ran before a policy first claimed them.
@Suite struct RunningPodTests {
    private let snapshot = ClusterSnapshot.sample(ClusterSnapshot.egressSample).announced()

    private func steps(from: DatapathState = DatapathState(), running: Set<Int> = [11]) throws -> (DatapathState, [DatapathOperation]) {
        let state = try #require(SampleNode.lower("node-1", snapshot, previous: from)).state
        return (state, difference(from: from, to: state, running: running))
    }

    @Test func `such a pod is recorded before its program is there, read, and enforced last; the guard comes after it`() throws {
        let (state, steps) = try steps()
        let record = try #require(state.pods[11])
        var recorded = record
        recorded.mode = .record
        let address = try #require(record.ipv4)
        let (out, into) = (Attachment(program: .pod, interfaceIndex: 11), Attachment(program: .podIn, interfaceIndex: 11))
        let order: [DatapathOperation] = [
            .forgetFlows(interfaceIndex: 11), .setPod(interfaceIndex: 11, recorded), .attach(into), .attach(out),
            .keepOpenConnections(interfaceIndexes: [11]), .setPod(interfaceIndex: 11, record),
            .keepRecordedConnections(interfaceIndexes: [11]), .setNetfilter(state.netfilter),
        ]
        #expect(steps.filter(order.contains) == order)
        // Its rules are there when the program asks what they claim.
        let rules = steps.indices.filter { if case .addRule(record.set, _) = steps[$0] { true } else { false } }
        #expect(try #require(rules.last) < (try #require(steps.firstIndex(of: .setPod(interfaceIndex: 11, recorded)))))
        let guards = steps.compactMap { if case .setNetfilter(let rules) = $0 { rules } else { nil } }
        #expect(guards.count == 2 && guards.last == state.netfilter)
        #expect(guards.first?.guarded.contains { $0.sources.contains(address) } == false)
        #expect(state.netfilter.guarded.contains { $0.sources.contains(address) })
    }

    @Test func `a pod that runs and that a policy claimed when it started is closed until its record is there`() throws {
        let (_, steps) = try steps(running: [])
        #expect(!steps.contains { if case .keepOpenConnections = $0 { true } else { false } })
        #expect(steps.first == .attach(Attachment(program: .podIn, interfaceIndex: 11)))
    }

    @Test func `nothing is kept of a pod that something governs already`() throws {
        let (state, _) = try steps()
        func keeps(_ from: DatapathState) throws -> Bool {
            difference(from: from, to: state, running: [11]).contains { if case .keepOpenConnections = $0 { true } else { false } }
        }
        #expect(try keeps(DatapathState()))
        #expect(try !keeps(state))
        var attached = DatapathState()
        attached.attachments = [Attachment(program: .podIn, interfaceIndex: 11)]
        #expect(try !keeps(attached), "a program without a record drops")
        var guarded = DatapathState()
        guarded.netfilter = state.netfilter
        #expect(try !keeps(guarded), "its device wasn't found until now")
        var stranger = state
        stranger.pods[11]?.mode = .record
        stranger.pods[11]?.ipv4 = "10.244.1.99"
        #expect(try !keeps(stranger), "another pod's record")
    }

    @Test func `a helper that ended while it recorded goes on where it was`() throws {
        let (state, steps) = try steps()
        var half = DatapathState()
        for step in steps.prefix(while: { $0 != .keepOpenConnections(interfaceIndexes: [11]) }) { half.apply(step) }
        #expect(half.pods[11]?.mode == .record)
        let again = difference(from: half, to: state, running: [11])
        let keep = try #require(again.firstIndex(of: .keepOpenConnections(interfaceIndexes: [11])))
        let record = try #require(state.pods[11])
        #expect(keep < (try #require(again.firstIndex(of: .setPod(interfaceIndex: 11, record)))))
        #expect(!again.contains(.forgetFlows(interfaceIndex: 11)), "what was recorded stays")
        // One that doesn't know whether it may: no exemption, and no pod is left recorded.
        #expect(difference(from: half, to: state).contains(.setPod(interfaceIndex: 11, record)))
    }

    @Test func `only what the rules claim is kept, by its own address and by the one behind a service`() throws {
        let (state, _) = try steps()
        let pod = try #require(state.pods[11]?.ipv4)
        func tcp(_ remote: IPAddress, _ destination: IPAddress? = nil, isOpenedByPod: Bool = true) -> LiveConnection {
            LiveConnection(
                transport: .tcp, pod: pod, podPort: 40000, remote: remote, remotePort: 443, destination: destination,
                isOpenedByPod: isOpenedByPod, stage: .established)
        }
        let outside = tcp("203.0.113.10")
        let behind = tcp("10.96.0.10", "203.0.113.10")
        let called = tcp("203.0.113.11", isOpenedByPod: false)
        var other = outside
        other.pod = "10.244.1.77"
        let inside = tcp("10.244.2.2")
        var state2 = state
        state2.cluster["10.96.0.0/16"] = .service
        state2.cluster["10.244.0.0/16"] = .pod
        let kept = state2.claimed([outside, behind, called, other, inside], of: 11)
        #expect(kept.program == [outside, called, outside], "the last is the one behind a service, as it leaves the node")
        #expect(kept.guarded == [outside, behind])
    }
}

@Suite struct ClaimHistoryTests {
    private func plan(_ uids: String...) -> NodePlan {
        var plan = NodePlan(node: "node-1", tunnel: TunnelPlan(address: nil))
        plan.pods = uids.map { PlannedPod(namespace: "default", name: $0, uid: $0, addresses: [], set: 0, choices: []) }
        return plan
    }

    @Test func `a pod that was seen unclaimed ran before, one that came claimed did not`() {
        var history = ClaimHistory()
        var empty = plan()
        history.note(&empty, present: ["a", "b"])
        var first = plan("a", "new")
        history.note(&first, present: ["a", "b", "new"])
        #expect(first.pods.map(\.ranBefore) == [true, false])
        // The same as long as it is claimed.
        var second = plan("a", "new")
        history.note(&second, present: ["a", "b", "new"])
        #expect(second == first)
    }

    @Test func `an agent that starts has seen nothing, and keeps what the plan in force says`() {
        var inForce = plan("a", "b")
        inForce.pods[0].ranBefore = true
        var history = ClaimHistory()
        history.takeOver(inForce)
        var next = plan("a", "b", "c")
        history.note(&next, present: ["a", "b", "c"])
        #expect(next.pods.map(\.ranBefore) == [true, false, false])
    }

    @Test func `a pod that was let go and is claimed again ran before; one that went and came back with another UID did not`() {
        var history = ClaimHistory()
        var claimed = plan("a")
        history.note(&claimed, present: ["a"])
        #expect(!claimed.pods[0].ranBefore)
        var free = plan()
        history.note(&free, present: ["a"])
        var again = plan("a")
        history.note(&again, present: ["a"])
        #expect(again.pods[0].ranBefore)
        var gone = plan()
        history.note(&gone, present: [])
        var back = plan("a2")
        history.note(&back, present: ["a2"])
        #expect(!back.pods[0].ranBefore)
    }
}
