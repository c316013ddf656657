import EgressModel
import EgressPolicy
import EngineSamples
import TestRandom
import Testing

/// What holds for every set of network policies, on random ones.
@Suite struct NetworkPolicyPropertyTests {
    private static let blocks: [IPPrefix] = ["0.0.0.0/0", "198.51.100.0/24", "203.0.113.0/24", "203.0.113.128/25", "10.244.1.0/24", "::/0"]

    private struct World {
        var chance: SeededRandom
        var snapshot: ClusterSnapshot
        private var made = 0

        init(seed: Int) {
            chance = SeededRandom(seed: seed)
            snapshot = RandomCluster(seed: seed).snapshot
            snapshot.namespaces = [.sample("default", ["team": "a"])]
            for _ in 0..<Int.random(in: 0...4, using: &chance) {
                let kind = chance.pick(NetworkPolicyObject.Kind.allCases)
                snapshot.networkPolicies.policies.append(policy(kind, denies: chance.oneIn(3)))
            }
            if chance.oneIn(4) {
                snapshot.networkPolicies.names = [NamedAddresses(name: "a.example", addresses: ["203.0.113.5"], source: "t")]
            }
        }

        mutating func policy(_ kind: NetworkPolicyObject.Kind, denies: Bool = false, isolates: Bool? = nil) -> NetworkPolicyObject {
            made += 1
            var part = NetworkPolicyPart(
                subject: .pods(chance.oneIn(2) ? [:] : ["app": chance.pick(["a", "b"])]), isolates: isolates ?? !chance.oneIn(4),
                allowed: (0..<Int.random(in: 0...2, using: &chance)).map { rule(kind, $0) })
            if denies, kind.isCilium { part.denied = [rule(.cilium, 0)] }
            let isBroken = chance.oneIn(12)
            return NetworkPolicyObject(
                kind: kind, metadata: ObjectMetadata(name: "np-\(made)", namespace: "default", uid: "np-\(made)"),
                parts: isBroken && isolates == nil ? nil : [part])
        }

        mutating func rule(_ kind: NetworkPolicyObject.Kind, _ index: Int) -> NetworkPolicyRule {
            let path = "spec.egress[\(index)]"
            let peer: NetworkPeer.Match =
                switch (kind.isCilium, Int.random(in: 0..<4, using: &chance)) {
                case (_, 0), (false, 1):
                    .block(chance.pick(NetworkPolicyPropertyTests.blocks), except: chance.oneIn(3) ? ["203.0.113.0/29"] : [])
                case (false, _): .pods(["app": chance.pick(["a", "b"])], namespaces: chance.oneIn(2) ? ["team": "a"] : nil)
                case (true, 1): .entity(chance.pick(CiliumEntity.allCases))
                case (true, 2): .name("a.example")
                case (true, _): .endpoints(["app": chance.pick(["a", "b"])])
                }
            let port = NetworkPort(path: path + ".ports[0]", transport: "tcp", .range(chance.pick([80...80, 1...1024, 443...443])))
            return NetworkPolicyRule(
                path: path, peers: chance.oneIn(5) ? nil : [NetworkPeer(path: path + ".to[0]", peer)], ports: chance.oneIn(2) ? nil : [port]
            )
        }

        mutating func destination() -> Destination {
            let nodes = snapshot.nodes.flatMap(\.internalAddresses)
            let address = chance.pick(RandomCluster.destinations + snapshot.pods.flatMap(\.addresses) + nodes)
            return Destination(address: address, port: chance.oneIn(4) ? nil : chance.pick([80, 443, 5432]), transport: "tcp")
        }
    }

    private static let seeds = 0..<400

    @Test func `an allow rule more never turns allowed into anything else`() {
        var allowed = 0
        for seed in Self.seeds {
            var world = World(seed: seed)
            let to = world.destination()
            for pod in world.snapshot.pods where networkPolicyVerdict(for: pod, to: to, in: world.snapshot).answer == .allowed {
                allowed += 1
                var more = world.snapshot
                for index in more.networkPolicies.policies.indices {
                    let kind = more.networkPolicies.policies[index].kind
                    more.networkPolicies.policies[index].parts?[0].allowed.append(world.rule(kind, 7))
                }
                #expect(networkPolicyVerdict(for: pod, to: to, in: more).answer == .allowed, "seed \(seed)")
            }
        }
        #expect(allowed > 100)
    }

    @Test func `nothing that is added undoes a deny rule, and no deny rule allows`() {
        var denied = 0
        for seed in Self.seeds {
            var world = World(seed: seed)
            let to = world.destination()
            for pod in world.snapshot.pods {
                let verdict = networkPolicyVerdict(for: pod, to: to, in: world.snapshot)
                var more = world.snapshot
                if verdict.by.contains(where: { $0.effect == .denies }) {
                    more.networkPolicies.policies.append(world.policy(.kubernetes))
                    more.networkPolicies.policies.append(world.policy(.cilium))
                    #expect(networkPolicyVerdict(for: pod, to: to, in: more).answer == .denied, "seed \(seed)")
                }
                guard verdict.answer == .denied else { continue }
                denied += 1
                more = world.snapshot
                var part = NetworkPolicyPart(subject: .pods([:]), isolates: false)
                part.denied = [world.rule(.cilium, 9)]
                more.networkPolicies.policies.append(
                    NetworkPolicyObject(kind: .ciliumClusterwide, metadata: ObjectMetadata(name: "deny", uid: "deny"), parts: [part]))
                #expect(networkPolicyVerdict(for: pod, to: to, in: more).answer != .allowed, "seed \(seed)")
            }
        }
        #expect(denied > 100)
    }

    @Test func `isolation never allows more`() {
        for seed in Self.seeds {
            var world = World(seed: seed)
            let to = world.destination()
            for pod in world.snapshot.pods where networkPolicyVerdict(for: pod, to: to, in: world.snapshot).answer == .denied {
                var more = world.snapshot
                var policy = world.policy(.kubernetes, isolates: true)
                policy.parts?[0].allowed = []
                more.networkPolicies.policies.append(policy)
                #expect(networkPolicyVerdict(for: pod, to: to, in: more).answer != .allowed, "seed \(seed)")
            }
        }
    }

    @Test func `the order of the input never matters, and policies of other namespaces change nothing`() {
        for seed in Self.seeds {
            var world = World(seed: seed)
            let to: Destination? = world.chance.oneIn(5) ? nil : world.destination()
            var other = world.snapshot.shuffled(using: &world.chance)
            other.networkPolicies.policies.shuffle(using: &world.chance)
            var elsewhere = world.policy(.kubernetes, isolates: true)
            elsewhere.metadata.namespace = "elsewhere"
            other.networkPolicies.policies.append(elsewhere)
            for pod in world.snapshot.pods {
                let verdict = networkPolicyVerdict(for: pod, to: to, in: world.snapshot)
                #expect(networkPolicyVerdict(for: pod, to: to, in: other) == verdict, "seed \(seed)")
                if verdict.answer == .unknown, to != nil { #expect(verdict.code != nil && !verdict.reason.isEmpty, "seed \(seed)") }
            }
        }
    }
}
