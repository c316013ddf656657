public import EgressModel

/// ``explain(_:to:in:)`` with what a service mesh does: traffic that it sends through a gateway leaves as the gateway's pod,
/// and the verdict is that pod's.
///
/// - Parameters:
///   - host: the destination's name, where it was given by one.
///   - snapshot: what `effective` was resolved from.
public func explain(
    _ pod: Pod, to destination: Destination?, host: String?, in effective: EffectivePolicy, of snapshot: ClusterSnapshot
) -> Explanation {
    var explanation = explain(pod, to: destination, in: effective)
    // What stays inside of the cluster is no mesh's way out.
    let isInside = destination.flatMap { effective.clusterRange(holding: $0.address) }.map { $0.kind != .assumed } ?? false
    let path = MeshPath(of: explanation.pod, to: host, isInside ? nil : destination, in: snapshot)
    explanation.remarks = path.remarks
    guard let hop = path.hop else { return explanation }
    let pods = hop.pods.map { explain($0, to: hop.destination, in: effective) }
    explanation.via = MeshVia(object: hop.object, destination: hop.destination, pods: pods)
    explanation.verdict = MeshVerdict(pod: pod, via: pods).verdict
    explanation.steps =
        explanation.steps.filter { $0.step == .selected }
        + [ExplanationStep(.matched, .no, "the mesh sends it to \(MeshVerdict.title(pods)), whose own policies decide")]
    return explanation
}

/// The pods that a mesh sends a connection to, and how each of them leaves.
public struct MeshVia: Sendable, Hashable {
    /// The object of the mesh that says so.
    public var object: ObjectReference
    /// Where they connect to; `nil`: that isn't known, and they have no verdict.
    public var destination: Destination?
    /// One of them takes the connection.
    public var pods: [Explanation]
}

/// The verdict of a connection that a mesh sends on: that of the pods which take it, where they agree.
struct MeshVerdict {
    let pod: Pod
    let via: [Explanation]

    static func title(_ pods: [Explanation]) -> String {
        let names = pods.map { "\($0.pod.namespace)/\($0.pod.name)" }
        guard names.count > 1 else { return "pod \(names.first ?? "(none)")" }
        return "one of \(names.count) pods (\(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? ", …" : ""))"
    }

    var verdict: Verdict {
        let lead = "The mesh sends \(pod.namespace)/\(pod.name) to \(Self.title(via))"
        let verdicts = via.compactMap(\.verdict)
        guard let first = verdicts.first, verdicts.count == via.count else {
            return Verdict(
                action: nil, code: .meshUnknown, reason: "where the gateway sends it isn't known",
                sentence: "\(lead); where that sends it isn't known.")
        }
        guard verdicts.allSatisfy({ Self.outcome($0) == Self.outcome(first) }) else {
            return Verdict(
                action: nil, code: .meshUnknown, reason: "the gateway's pods leave differently",
                sentence: "\(lead), and they leave differently. " + verdicts.map(\.sentence).joined(separator: " "))
        }
        var verdict = first
        verdict.sentence = sentence(lead, first.sentence)
        return verdict
    }

    private static func outcome(_ verdict: Verdict) -> [String?] {
        [verdict.action?.rawValue, verdict.policy, verdict.egressIP?.description, verdict.gatewayNode, verdict.code.rawValue]
    }

    /// `…, which leaves by 203.0.113.100 …`, where the pod's own sentence begins with its name.
    private func sentence(_ lead: String, _ own: String) -> String {
        let name = via.first.map { "\($0.pod.namespace)/\($0.pod.name) " } ?? ""
        guard !name.isEmpty, own.hasPrefix(name) else { return "\(lead). \(own)" }
        return "\(lead), which \(own.dropFirst(name.count))"
    }
}
