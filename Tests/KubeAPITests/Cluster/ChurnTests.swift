import EgressModel
import EgressPolicy
import EgressPorts
import JSONText
import TestKit
import TestRandom
import Testing

@testable import KubeAPI

/// Thousands of objects that change all the time: what is followed must be what is there.
@Suite(.requires(.api), .serialized) struct ClusterChurnTests {
    @Test func `what was followed through a churn resolves to what a fresh list resolves to`() async throws {
        let fixture = try await ClusterFixture.own()
        defer { fixture.server.stop() }
        let seed = UInt64.random(in: 0..<1 << 32)
        print("churn: seed \(seed)")
        var churn = Churn(client: try fixture.client(), seed: seed)
        let cluster = try fixture.cluster()
        let agent = try fixture.cluster(.node("node-0"))
        let filled = try await ContinuousClock().measure { try await churn.fill() }
        print("churn: \(Churn.podCount) pods and \(Churn.policyCount) policies made in \(filled)")
        let listed = try await ContinuousClock().measure { _ = try await cluster.snapshot() }
        print("churn: listed in \(listed)")
        let following = (ChangeCounter(cluster.changes()), ChangeCounter(agent.changes()))
        _ = (try await cluster.snapshot(), try await agent.snapshot())
        for round in 1...3 {
            let took = try await ContinuousClock().measure { try await churn.run(changes: 500) }
            // Nothing moves now, so a list is the truth.
            let truth = try await fixture.cluster().snapshot()
            let began = ContinuousClock.now
            try await eventually(within: 30, "the agent knows what is there") {
                Facts(try await agent.snapshot()) == Facts(truth, node: "node-0")
            }
            try await eventually(within: 30, "who follows all knows what is there") {
                Facts(try await cluster.snapshot()) == Facts(truth)
            }
            print("churn: round \(round): 500 changes in \(took), known \(began.duration(to: .now)) after")
            let fresh = try await fixture.cluster(.node("node-0")).snapshot()
            let resolving = try await ContinuousClock().measure {
                let followed = try await agent.snapshot()
                #expect(followed.isComplete && fresh.isComplete)
                #expect(resolve(followed, now: nil) == resolve(fresh, now: nil), "seed \(seed), round \(round)")
            }
            print("churn: resolved twice for \(fresh.pods.count) pods in \(resolving)")
        }
        let whole = try await fixture.cluster().snapshot()
        let resolving = try await ContinuousClock().measure {
            let followed = try await cluster.snapshot()
            #expect(resolve(followed, now: nil) == resolve(whole, now: nil), "seed \(seed)")
        }
        print("churn: resolved twice for \(whole.pods.count) pods in \(resolving)")
        #expect(following.0.value > 10 && following.1.value > 10)
        let cost = try await ContinuousClock().measure { for _ in 0..<1000 { _ = try await agent.snapshot() } } / 1000
        print("churn: a snapshot of the agent's costs \(cost)")
    }
}

/// What a snapshot holds, without an order.
private struct Facts: Equatable {
    var nodes: Set<Node>
    var namespaces: Set<Namespace>
    var pods: Set<Pod>
    var policies: Set<PolicyObject>
    var services: Set<Service>
    var isComplete: Bool

    init(_ snapshot: ClusterSnapshot, node: String? = nil) {
        nodes = Set(snapshot.nodes)
        namespaces = Set(snapshot.namespaces)
        pods = Set(snapshot.pods.filter { node == nil || $0.nodeName == node })
        policies = Set(snapshot.policies)
        services = Set(snapshot.services)
        isComplete = snapshot.isComplete
    }
}

/// Makes objects, and changes them at random.
private struct Churn {
    static let podCount = 5000
    static let policyCount = 500
    static let nodeCount = 20
    private static let namespaces = (0..<5).map { "churn-\($0)" }
    private static let width = 24

    let client: KubeClient
    private var chance: SeededRandom
    private var pods: [ResourcePath] = []
    private var made = 0

    init(client: KubeClient, seed: UInt64) {
        self.client = client
        chance = SeededRandom(seed: seed)
    }

    mutating func fill() async throws {
        var work: [Work] = Self.namespaces.map { name in
            Work { client throws(APIError) in
                _ = try await client.create(
                    .namespaces, ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]], dryRun: false)
            }
        }
        work += (0..<Self.nodeCount).map { number in
            Work { client throws(APIError) in
                _ = try await client.create(
                    .nodes,
                    [
                        "apiVersion": "v1", "kind": "Node",
                        "metadata": [
                            "name": .string("node-\(number)"), "labels": ["role": .string(number % 2 == 0 ? "gateway" : "worker")],
                        ],
                        "spec": ["podCIDRs": [.string("10.\(number).0.0/16")], "podCIDR": .string("10.\(number).0.0/16")],
                    ], dryRun: false)
            }
        }
        try await perform(work)
        work = []
        for _ in 0..<Self.podCount { work += addPod() }
        for number in 0..<Self.policyCount { work.append(setPolicy(number)) }
        try await perform(work)
    }

    /// Changes of every kind; those to one object may come in any order, as nothing but the end counts.
    mutating func run(changes: Int) async throws {
        var work: [Work] = []
        for _ in 0..<changes {
            switch Int.random(in: 0..<10, using: &chance) {
            case 0: work += addPod()
            case 1: if let pod = pods.popLast() { work.append(Work { client throws(APIError) in try await client.delete(pod) }) }
            case 2...5: work += relabel()
            case 6, 7, 8: work.append(setPolicy(Int.random(in: 0..<Self.policyCount, using: &chance)))
            default: work += relabelWider()
            }
        }
        try await perform(work)
    }

    /// One change after the other of what may hit the same object, many at a time.
    private func perform(_ work: [Work]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var waiting = work.makeIterator()
            func startNext() {
                guard let next = waiting.next() else { return }
                group.addTask { [client] in try await next.run(client) }
            }
            for _ in 0..<Self.width { startNext() }
            while try await group.next() != nil { startNext() }
        }
    }

    struct Work: Sendable {
        let body: @Sendable (KubeClient) async throws(APIError) -> Void

        init(_ body: @escaping @Sendable (KubeClient) async throws(APIError) -> Void) { self.body = body }

        /// What was changed or deleted by another in between doesn't matter here.
        func run(_ client: KubeClient) async throws {
            do throws(APIError) {
                try await body(client)
            } catch {
                guard error.isNotFound || error.status == 409 else { throw error }
            }
        }
    }
}

extension Churn {
    private mutating func addPod() -> [Work] {
        made += 1
        let node = made % Self.nodeCount
        let name = "pod-\(made)"
        let namespace = Self.namespaces[made % Self.namespaces.count]
        let path = ResourcePath.pods.inside(namespace)
        pods.insert(path.named(name), at: Int.random(in: 0...pods.count, using: &chance))
        let labels: JSONValue = ["app": .string("app-\(Int.random(in: 0..<50, using: &chance))"), "tier": .string("t\(made % 3)")]
        let address = "10.\(node).\(made / 250 % 250).\(made % 250 + 1)"
        // A status needs a request of its own; one pod in five has one.
        let hasAddress = made % 5 == 0 || node == 0
        return [
            Work { client throws(APIError) in
                let metadata: JSONValue = ["name": .string(name), "namespace": .string(namespace), "labels": labels]
                let spec: JSONValue = ["nodeName": .string("node-\(node)"), "containers": [["name": "c", "image": "i"]]]
                _ = try await client.create(
                    path, ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec], dryRun: false)
                guard hasAddress else { return }
                let status: JSONValue = ["phase": "Running", "podIP": .string(address), "podIPs": [["ip": .string(address)]]]
                _ = try await client.patch(path.named(name, subresource: "status"), .merge, ["status": status])
            }
        ]
    }

    private mutating func relabel() -> [Work] {
        guard !pods.isEmpty else { return [] }
        let pod = chance.pick(pods)
        let label = "app-\(Int.random(in: 0..<50, using: &chance))"
        return [
            Work { client throws(APIError) in
                _ = try await client.patch(pod, .merge, ["metadata": ["labels": ["app": .string(label)]]])
            }
        ]
    }

    /// A node's or a namespace's labels, on which many depend.
    private mutating func relabelWider() -> [Work] {
        let value = JSONValue.string("v\(Int.random(in: 0..<3, using: &chance))")
        let path =
            Int.random(in: 0..<2, using: &chance) == 0
            ? ResourcePath.nodes.named("node-\(Int.random(in: 0..<Self.nodeCount, using: &chance))")
            : ResourcePath.namespaces.named(chance.pick(Self.namespaces))
        return [Work { client throws(APIError) in _ = try await client.patch(path, .merge, ["metadata": ["labels": ["wide": value]]]) }]
    }

    /// Made, changed, made invalid, or deleted.
    private mutating func setPolicy(_ number: Int) -> Work {
        let path = ResourcePath.policies.named("policy-\(number)")
        if Int.random(in: 0..<12, using: &chance) == 0, made >= Self.podCount {
            return Work { client throws(APIError) in try await client.delete(path) }
        }
        let priority = Int.random(in: 0..<20, using: &chance)
        let selector: JSONValue = ["matchLabels": ["app": .string("app-\(Int.random(in: 0..<50, using: &chance))")]]
        let body: JSONValue = [
            "apiVersion": "cilium.io/v2", "kind": "CiliumEgressGatewayPolicy",
            "metadata": [
                "name": .string("policy-\(number)"),
                "annotations": ["kubectl-egress.dev/priority": .string(priority == 0 ? "invalid" : String(priority))],
            ],
            "spec": [
                "selectors": [["podSelector": selector]],
                "destinationCIDRs": [.string("198.51.\(Int.random(in: 0..<256, using: &chance)).0/24")],
                "egressGateway": [
                    "nodeSelector": ["matchLabels": ["role": "gateway"]], "egressIP": .string("203.0.113.\(number % 250 + 1)"),
                ],
            ],
        ]
        return Work { client throws(APIError) in
            _ = try await client.apply(path, body, manager: "churn", force: true, dryRun: false)
        }
    }
}
