public import EgressModel

/// How one pod's traffic leaves, and why. Without a destination there is no verdict, and the pod's rules tell.
///
/// `pod` is looked up by UID in the effective policy; one that isn't there is explained as nobody selects it.
public func explain(_ pod: Pod, to destination: Destination?, in effective: EffectivePolicy) -> Explanation {
    let resolved =
        effective.pods.first { $0.pod.metadata.uid == pod.metadata.uid && $0.pod.reference == pod.reference }
        ?? effective.pods.first { $0.pod.reference == pod.reference }
        ?? ResolvedPod(pod: pod, notApplicable: pod.notApplicable, policies: [], rules: [])
    let steps = ExplanationSteps(pod: resolved, effective: effective)
    let policies = PolicyReasons(pod: resolved, destination: destination?.address, effective: effective).all()
    var explanation = Explanation(
        pod: resolved.pod, destination: destination, verdict: nil, steps: steps.general(), policies: policies, rules: Array(resolved.rules),
        findings: findings(resolved, effective))
    if let address = destination?.address {
        let walk = PodWalk(resolved, to: address, effective)
        explanation.verdict = VerdictSentence(pod: resolved.pod, destination: address, effective: effective).verdict(walk)
        explanation.steps = steps.steps(walk, to: address)
    }
    return explanation
}

/// What concerns the cluster, the pod, its policies, its node and its gateways. Rejected policies too: they select nothing,
/// and that may be the answer.
private func findings(_ pod: ResolvedPod, _ effective: EffectivePolicy) -> [Finding] {
    let inForce = Set(effective.policies.map(\.policy.name))
    let nodes = Set([pod.pod.nodeName].compactMap(\.self) + pod.rules.compactMap(\.gatewayNode))
    return effective.findings.filter { finding in
        guard let object = finding.object else { return true }
        switch object.kind {
        case "CiliumEgressGatewayPolicy": return pod.policies.contains(object.name) || !inForce.contains(object.name)
        case "Node", "EgressNode": return nodes.contains(object.name)
        default: return object == pod.pod.reference
        }
    }
}
