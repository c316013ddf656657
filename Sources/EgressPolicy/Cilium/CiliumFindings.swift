import EgressModel

/// Differences as findings: one for each policy and cause, with how many pods it concerns.
struct CiliumFindings {
    private struct Key: Hashable {
        let policy: String?
        let reason: Reason
    }

    let table: CiliumTable
    let policies: [ResolvedPolicy]
    let differences: [CiliumDifference]

    /// In the order of every output.
    var all: [Finding] { (ofPods + refused + annotations).sorted() }

    private var title: String { "Cilium \(table.profile.version)" }

    private var ofPods: [Finding] {
        var pods: [Key: Set<ObjectReference>] = [:]
        for difference in differences where table.refused[difference.policy ?? ""] == nil {
            pods[Key(policy: difference.policy, reason: difference.reason), default: []].insert(difference.pod.reference)
        }
        return pods.map { key, pods in
            let name = pods.min().map { "\($0.namespace ?? "")/\($0.name)" } ?? ""
            let whom = pods.count == 1 ? "pod \(name)" : "\(pods.count) pods, such as \(name)"
            let verb = key.reason.code == .ciliumSpreadsOtherwise ? "may differ" : "differs"
            return Finding(
                key.reason.code.isRisk ? .warning : .info, key.reason.code, object: key.policy.map(Self.reference),
                message: "\(title) \(verb) for \(whom): \(key.reason.text)",
                hint: Self.hint(key.reason.code))
        }
    }

    private var refused: [Finding] {
        table.refused.map { name, why in
            Finding(
                .warning, .ciliumReadsOtherwise, object: Self.reference(name),
                message: "Cilium " + Reason.refused(table.profile.version, why).text,
                hint: "leave that out where this release is to take it")
        }
    }

    private var annotations: [Finding] {
        policies.map(\.policy).compactMap { policy in
            var names: [String] = []
            if policy.priority != 0 { names.append(EgressAnnotation.priority) }
            if policy.onNoGateway != .drop { names.append(EgressAnnotation.onNoGateway) }
            if policy.strategy != nil { names.append(EgressAnnotation.strategy) }
            guard !names.isEmpty else { return nil }
            return Finding(
                .info, .ciliumIgnoresAnnotation, object: policy.reference, field: "metadata.annotations",
                message: "\(title) ignores \(names.joined(separator: ", "))")
        }
    }

    /// What the catalogue says to do, as a hint is written: no capital, no full stop.
    private static func hint(_ code: ReasonCode) -> String? {
        CodeAdvice(code: code)?.fix.map { $0.prefix(1).lowercased() + $0.dropFirst().prefix($0.hasSuffix(".") ? $0.count - 2 : $0.count) }
    }

    private static func reference(_ policy: String) -> ObjectReference {
        ObjectReference(kind: "CiliumEgressGatewayPolicy", name: policy)
    }
}

extension ReasonCode {
    /// Whether Cilium may send packets out by an address that the policy's author doesn't expect.
    fileprivate var isRisk: Bool { [.ciliumLetsOut, .ciliumOverlapUndefined, .ciliumReadsOtherwise].contains(self) }
}
