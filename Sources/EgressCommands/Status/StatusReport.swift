import EgressModel
import EgressPolicy

/// What `status` found out.
struct StatusReport: CommandResult {
    struct Policy: Sendable {
        var name: String
        /// False: rejected, and nothing of it is in force by this snapshot.
        var isValid: Bool
        var pods: Int
        var gateways: [GatewayCandidate]
        /// Whether a candidate is the one that serves an entry.
        var chosen: Set<String>
        var progress: [PolicyProgress.Node]
        var findings: [Finding]

        var ready: Int { progress.count(where: \.isProgrammed) }
    }

    struct Gateway: Sendable {
        var node: String
        var address: IPAddress?
        var ineligible: Reason?
        var egressIPs: [IPAddress]
        var policies: [String]
    }

    struct Node: Sendable {
        var name: String
        var report: EgressNode?
        var isSilent: Bool
        /// Seconds since it reported.
        var age: Int64?
        /// Policies in force, of those it knows.
        var programmed: Int
        var total: Int
    }

    var policies: [Policy]
    var gateways: [Gateway]
    /// By address and node.
    var addresses: [Address]
    var nodes: [Node]
    var findings: [Finding]
    /// Kinds that couldn't be read: what depends on them is a lower bound, or unknown.
    var unread: Set<ClusterKind>
    /// False where the API server doesn't know policies at all.
    var hasPolicyKind: Bool
    var isComplete: Bool

    init(snapshot: ClusterSnapshot, effective: EffectivePolicy, only names: [String], ports: PortsInUse, now: Int64) {
        let resolved = Dictionary(effective.policies.map { ($0.policy.name, $0) }) { first, _ in first }
        let all = Set(
            effective.findings + snapshot.findings + snapshot.policies.flatMap(\.findings) + effective.policies.flatMap(\.findings)
                + arrivalFindings(effective))
        policies = snapshot.policies.map(\.metadata.name).filter { names.isEmpty || names.contains($0) }.sorted().map { name in
            Self.policy(name, resolved[name], effective, all, now)
        }
        let shown = Set(policies.map(\.name))
        gateways = Self.gateways(effective.policies.filter { shown.contains($0.policy.name) })
        addresses = Self.addresses(gateways, PortCapacity(effective), ports)
        nodes = Self.nodes(effective, now)
        let concerned = { (finding: Finding) in
            guard !names.isEmpty, let object = finding.object, object.kind == Self.policyKind else { return true }
            return shown.contains(object.name)
        }
        findings = (all.filter(concerned) + ports.findings).sorted()
        unread = Set(snapshot.unread.map(\.kind).filter { !$0.isOfConnections })
        hasPolicyKind = !snapshot.unread.contains { $0.kind == .policy && $0.code == .kindNotServed }
        isComplete = effective.isComplete && effective.hasEveryPod
    }

    static let policyKind = "CiliumEgressGatewayPolicy"

    private static func policy(_ name: String, _ resolved: ResolvedPolicy?, _ effective: EffectivePolicy, _ all: Set<Finding>, _ now: Int64)
        -> Policy
    {
        let own = all.filter { $0.object == ObjectReference(kind: policyKind, name: name) }.sorted()
        guard let resolved else {
            return Policy(name: name, isValid: false, pods: 0, gateways: [], chosen: [], progress: [], findings: own)
        }
        var byNode: [String: GatewayCandidate] = [:]
        for candidate in resolved.entries.flatMap(\.candidates) {
            byNode[candidate.node] = byNode[candidate.node] ?? candidate
        }
        return Policy(
            name: name, isValid: true, pods: resolved.selectedPods, gateways: byNode.values.sorted { $0.node < $1.node },
            chosen: Set(resolved.entries.compactMap(\.gateway).map(\.node)),
            progress: PolicyProgress(of: resolved, in: effective, now: now).nodes, findings: own)
    }

    private static func gateways(_ policies: [ResolvedPolicy]) -> [Gateway] {
        var byNode: [String: Gateway] = [:]
        for policy in policies {
            for candidate in policy.entries.flatMap(\.candidates) {
                var gateway =
                    byNode[candidate.node]
                    ?? Gateway(
                        node: candidate.node, address: candidate.address, ineligible: candidate.ineligible, egressIPs: [], policies: [])
                // Not to serve one policy is no trouble of the node.
                if candidate.ineligible == nil { gateway.ineligible = nil }
                gateway.egressIPs = Set(gateway.egressIPs + candidate.egressIPs).sorted()
                gateway.policies = Set(gateway.policies + [policy.policy.name]).sorted()
                byNode[candidate.node] = gateway
            }
        }
        return byNode.values.sorted { $0.node < $1.node }
    }

    private static func nodes(_ effective: EffectivePolicy, _ now: Int64) -> [Node] {
        let reports = Dictionary(effective.egressNodes.map { ($0.name, $0) }) { first, _ in first }
        return Set(effective.nodes.map(\.name)).union(reports.keys).sorted().map { name in
            let report = reports[name]
            let age = report?.reportedAt.flatMap(RFC3339.seconds).map { now - $0 }
            let isSilent = report?.reportedAt.map { !NodeReport.isFresh($0, now: now) } ?? true
            let policies = report?.policies ?? []
            return Node(
                name: name, report: report, isSilent: isSilent, age: age,
                programmed: isSilent ? 0 : policies.count(where: \.programmed), total: policies.count)
        }
    }
}

extension GatewayCandidate {
    /// Addresses of both families, as far as they are known.
    var egressIPs: [IPAddress] {
        IPFamily.allCases.flatMap { family in
            if case .addresses(let addresses) = egressAddress(family) { addresses } else { [] as [IPAddress] }
        }
    }
}
