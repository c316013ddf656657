import EgressModel
import EgressPlan
import EgressPolicy
import TestRandom

/// A generator that gives the same numbers each run (SplitMix64).
extension SeededRandom {
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
    mutating func flip() -> Bool { Bool.random(using: &self) }
    mutating func few<Value>(_ make: (inout SeededRandom) -> Value) -> [Value] { (0..<below(4)).map { _ in make(&self) } }
    mutating func maybe<Value>(_ make: (inout SeededRandom) -> Value) -> Value? { flip() ? make(&self) : nil }

    mutating func text() -> String { pick(["web", "ä ö", "quote\"and\\slash", "日本", "a.b/c", "x"]) + String(below(1000)) }
    mutating func ipv4() -> IPAddress { IPAddress(ipv4: UInt32.random(in: 0 ... .max, using: &self)) }
    mutating func ipv6() -> IPAddress { IPAddress(ipv6: UInt128(next()) << 64 | UInt128(flip() ? next() : 0)) }
    mutating func address() -> IPAddress { flip() ? ipv4() : ipv6() }

    mutating func prefix() -> IPPrefix {
        let address = address()
        return IPPrefix(address, length: below(address.family.bitWidth + 1)) ?? IPPrefix(host: address)
    }

    mutating func map() -> [String: String] { Dictionary(few { ($0.text(), $0.text()) }) { first, _ in first } }
    mutating func id() -> UInt32 { UInt32.random(in: 1...0x3F_FFFF, using: &self) }
    mutating func token() -> TunnelToken? { TunnelToken(octets: (0..<12).map { _ in UInt8.random(in: 0...255, using: &self) }) }
}

extension SeededRandom {
    mutating func plan() -> NodePlan {
        let sets = few { random in
            var seen: Set<IPPrefix> = []
            return random.few { $0.rule() }.filter { seen.insert($0.prefix).inserted }
        }
        var ids: Set<UInt32> = []
        let tunnel = TunnelPlan(
            address: maybe { $0.address() }, port: UInt16.random(in: 1 ... .max, using: &self),
            tokens: (0..<below(3)).compactMap { _ in token() })
        return NodePlan(
            node: text(), tunnel: tunnel, ranges: ClusterRanges(pods: few { $0.prefix() }, services: few { $0.prefix() }),
            cluster: few { InClusterRange($0.prefix(), $0.pick(InClusterRange.Kind.allCases)) },
            peers: few { random in PeerNode(name: random.text(), address: random.address(), podCIDRs: random.few { $0.prefix() }) },
            policies: few { PlannedPolicy(accepted: $0.policy(), pods: $0.below(9), code: $0.text(), reason: $0.text()) },
            entries: few { $0.entry() }.filter { ids.insert($0.id).inserted }, awaited: few { $0.address() }, sets: sets,
            pods: sets.isEmpty ? [] : few { $0.pod(sets: sets.count) }, foreignOwner: maybe { $0.text() },
            steering: maybe { $0.pick(SteeringWord.allCases) })
    }

    mutating func rule() -> PlannedRule {
        PlannedRule(
            prefix: prefix(), action: pick(PlannedRule.Action.allCases), policyUID: text(), code: ReasonCode(rawValue: "EG\(below(9999))"))
    }

    mutating func entry() -> PlannedEntry {
        let (ipv4, ipv6) = (few { $0.ipv4() }, few { $0.ipv6() })
        return PlannedEntry(
            policyUID: text(), policyName: text(), entry: below(9), id: id(), ipv4: ipv4, ipv6: ipv6,
            interface: maybe { $0.text() }, sharedAddresses: (ipv4 + ipv6).filter { _ in flip() }, destinations: few { $0.prefix() },
            exclusions: few { $0.prefix() })
    }

    mutating func pod(sets: Int) -> PlannedPod {
        PlannedPod(
            namespace: text(), name: text(), uid: text(), addresses: few { $0.address() }, set: below(sets),
            choices: few { random in
                PlannedChoice(
                    policyUID: random.text(), onNoGateway: random.pick(OnNoGateway.allCases),
                    ranked: random.few { random in
                        PlannedGateway(
                            node: random.text(), address: random.address(), entryID: random.id(), egress: random.maybe { $0.address() })
                    })
            })
    }

    mutating func policy() -> EgressGatewayPolicy {
        EgressGatewayPolicy(
            metadata: ObjectMetadata(
                name: text(), namespace: maybe { $0.text() }, uid: text(), labels: map(), annotations: map(),
                creationTimestamp: maybe { _ in "2026-11-22T10:00:00Z" }, generation: Int64(below(1 << 40))),
            selectors: few { random in
                EgressSelector(
                    podSelector: random.maybe { $0.selector() }, namespaceSelector: random.maybe { $0.selector() },
                    nodeSelector: random.maybe { $0.selector() })
            },
            destinationCIDRs: few { $0.prefix() }, excludedCIDRs: few { $0.prefix() },
            gateways: few { random in
                GatewayEntry(
                    nodeSelector: random.selector(),
                    source: random.pick([.address(random.address()), .interface(random.text()), .defaultRoute]))
            },
            strategy: maybe { StrategyReference(name: $0.text(), configuration: #"{"a":[1]}"#) }, priority: below(200) - 100,
            onNoGateway: pick(OnNoGateway.allCases))
    }

    mutating func selector() -> LabelSelector {
        LabelSelector(
            matchLabels: map(),
            matchExpressions: few { random in
                LabelRequirement(
                    key: random.text(), operation: random.pick(LabelRequirement.Operation.allCases), values: random.few { $0.text() })
            })
    }
}

extension NodePlan {
    /// A small plan with one of everything.
    static var sample: NodePlan {
        var random = SeededRandom(seed: 5)
        var plan = NodePlan(
            node: "node-1", tunnel: TunnelPlan(address: IPAddress(ipv4: 0xC000_020B), tokens: [random.token()].compactMap { $0 }))
        let prefix = IPPrefix("198.51.100.0/24")
        plan.sets = [[prefix].compactMap { $0 }.map { PlannedRule(prefix: $0, action: .gateway, policyUID: "uid-1", code: .byGateway) }]
        let gateway = PlannedGateway(node: "node-2", address: IPAddress(ipv4: 0xC000_020C), entryID: 17)
        plan.pods = [
            PlannedPod(
                namespace: "default", name: "mediabot", uid: "pod-1", addresses: [IPAddress(ipv4: 0x0AF4_010A)], set: 0,
                choices: [PlannedChoice(policyUID: "uid-1", onNoGateway: .drop, ranked: [gateway])])
        ]
        plan.entries = [random.entry()]
        plan.policies = [PlannedPolicy(accepted: random.policy(), pods: 1)]
        plan.peers = [PeerNode(name: "node-2", address: IPAddress(ipv4: 0xC000_020C))]
        plan.cluster = [InClusterRange(IPPrefix(host: IPAddress(ipv4: 0xC000_020C)), .node)]
        return plan
    }
}
