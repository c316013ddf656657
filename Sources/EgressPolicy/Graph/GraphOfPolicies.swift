import EgressModel

/// The graph of these policies, or of all for no names.
///
/// - Parameters:
///   - names: policies to draw; names that aren't there draw nothing.
///   - namespace: whose pods to count; `nil`: every namespace's.
public func egressGraph(of effective: EffectivePolicy, policies names: [String] = [], namespace: String? = nil) -> EgressGraph {
    var drawing = GraphDrawingParts(effective)
    let shown = effective.policies.filter { names.isEmpty || names.contains($0.policy.name) }
    for policy in shown { drawing.add(policy) }
    let wanted = Set(shown.map(\.policy.metadata.uid))
    for pod in effective.pods where namespace == nil || pod.pod.namespace == namespace { drawing.add(pod, wanted) }
    return drawing.graph
}

/// Boxes and edges as they come together.
private struct GraphDrawingParts {
    private struct Step: Hashable {
        var from: String
        var to: String
        var policy: String
    }

    private var boxes: [String: EgressGraph.Box] = [:]
    private var edges: [Step: (pods: Int, state: EgressGraph.Box.State)] = [:]
    private var podsOfNamespaces: [String: Int] = [:]
    private let worst: [String: Finding.Severity]

    init(_ effective: EffectivePolicy) {
        worst = Dictionary(
            effective.findings.compactMap { finding in
                finding.object.flatMap { $0.kind == "CiliumEgressGatewayPolicy" ? ($0.name, finding.severity) : nil }
            }, uniquingKeysWith: min)
    }

    mutating func add(_ resolved: ResolvedPolicy) {
        let policy = resolved.policy
        var details = [Self.list(policy.destinationCIDRs)]
        if !policy.excludedCIDRs.isEmpty { details.append("except " + Self.list(policy.excludedCIDRs)) }
        let isTroubled = worst[policy.name].map { $0 != .info } ?? false
        put(
            .init(
                id: "policy/\(policy.name)", column: .policies, title: policy.name, details: details, state: isTroubled ? .warning : .good))
    }

    private static func list(_ prefixes: [IPPrefix]) -> String {
        let shown = prefixes.prefix(2).map(\.description).joined(separator: ", ")
        return prefixes.count > 2 ? "\(shown) +\(prefixes.count - 2)" : shown
    }

    /// Each way that some packet of the pod takes, once.
    mutating func add(_ pod: ResolvedPod, _ wanted: Set<String>) {
        var steps: [Step: EgressGraph.Box.State] = [:]
        // What a policy excludes stands in its box: pods don't go anywhere by it.
        for rule in pod.rules where wanted.contains(rule.policyUID) && rule.reason.code != .excluded {
            let (way, state) = way(of: rule)
            for (from, to) in zip(["namespace/\(pod.pod.namespace)"] + way, way) {
                let step = Step(from: from, to: to, policy: rule.policy)
                steps[step] = max(steps[step] ?? .good, state)
            }
        }
        guard !steps.isEmpty else { return }
        podsOfNamespaces[pod.pod.namespace, default: 0] += 1
        for (step, state) in steps {
            let before = edges[step] ?? (0, .good)
            edges[step] = (before.pods + 1, max(before.state, state))
        }
    }

    /// The boxes behind the namespace that packets of a rule pass, and how they fare.
    private mutating func way(of rule: ResolvedRule) -> ([String], EgressGraph.Box.State) {
        let policy = "policy/\(rule.policy)"
        guard rule.action != .exclude else {
            let node = put(.init(id: "direct", column: .gateways, title: "no gateway", details: ["as the pod's node"], state: .warning))
            return ([policy, node], .warning)
        }
        guard let gateway = rule.gatewayNode else { return ([policy, put(dropped(.gateways, rule.reason))], .dropped) }
        let at = [rule.gatewayAddress?.description].compactMap(\.self)
        let node = put(.init(id: "node/\(gateway)", column: .gateways, title: gateway, details: at))
        guard rule.action == .gateway else { return ([policy, node, put(dropped(.addresses, rule.reason))], .dropped) }
        let isKnown = rule.reason.code == .byGateway
        let title = rule.egressIP?.description ?? "unknown"
        let address = put(
            .init(
                id: "address/\(title)", column: .addresses, title: title, details: isKnown ? [] : ["not confirmed (\(rule.reason.code))"],
                state: isKnown ? .good : .unknown))
        return ([policy, node, address], isKnown ? .good : .unknown)
    }

    private func dropped(_ column: EgressGraph.Column, _ reason: Reason) -> EgressGraph.Box {
        .init(id: "dropped/\(column)/\(reason.code)", column: column, title: "dropped", details: [reason.coded], state: .dropped)
    }

    @discardableResult
    private mutating func put(_ box: EgressGraph.Box) -> String {
        // Of several sentences for one code the first by order stands for all.
        if let there = boxes[box.id], there.details.lexicographicallyPrecedes(box.details) || there.details == box.details { return box.id }
        boxes[box.id] = box
        return box.id
    }

    var graph: EgressGraph {
        var all = boxes
        for (name, pods) in podsOfNamespaces {
            let id = "namespace/\(name)"
            all[id] = .init(id: id, column: .namespaces, title: name, details: ["\(pods) \(pods == 1 ? "pod" : "pods")"])
        }
        let sorted = all.values.sorted { a, b in
            if a.column != b.column { return a.column < b.column }
            // What is dropped comes last in its column.
            if (a.state == .dropped) != (b.state == .dropped) { return b.state == .dropped }
            return a.title != b.title ? bytewise(a.title, b.title) : bytewise(a.id, b.id)
        }
        let order = Dictionary(sorted.enumerated().map { ($1.id, $0) }) { first, _ in first }
        let edges = self.edges.map {
            EgressGraph.Edge(from: $0.key.from, to: $0.key.to, policy: $0.key.policy, pods: $0.value.pods, state: $0.value.state)
        }
        .sorted { a, b in
            let (left, right) = ((order[a.from] ?? 0, order[a.to] ?? 0), (order[b.from] ?? 0, order[b.to] ?? 0))
            return left != right ? left < right : bytewise(a.policy, b.policy)
        }
        return EgressGraph(boxes: sorted, edges: edges)
    }
}
