import EgressModel

/// What a policy's author should know about its own fields and pods.
struct PolicyFindings {
    let policy: EgressGatewayPolicy
    let carried: Set<IPFamily>

    /// What its own fields tell, whatever pods there are.
    var ofFields: [Finding] { [uncarried].compactMap(\.self) + exclusions }

    /// Where all pods are known, and it selects none of them.
    var selectsNothing: Finding {
        Finding(
            .info, .selectsNothing, object: policy.reference, field: "spec.selectors", message: "no pod that can have rules is selected",
            hint: "kubectl egress explain pod NAME tells which label is missing")
    }

    private var uncarried: Finding? {
        guard let index = policy.destinationCIDRs.firstIndex(where: { !carried.contains($0.family) })
        else { return nil }
        return Finding(
            .warning, Reason.ipv6NotCarried.code, object: policy.reference, field: "spec.destinationCIDRs[\(index)]",
            message: Reason.ipv6NotCarried.text, hint: "leave IPv6 out of destinationCIDRs where pods need it")
    }

    private var exclusions: [Finding] {
        policy.excludedCIDRs.enumerated().filter { _, excluded in !policy.destinationCIDRs.contains { $0.contains(excluded) } }.map {
            Finding(
                .info, .exclusionWithoutEffect, object: policy.reference, field: "spec.excludedCIDRs[\($0.offset)]",
                message: "\($0.element) lies in no destination of this policy; it only counts against wider destinations of other policies",
                hint: "remove it, unless that is what you want")
        }
    }
}
