import EgressModel

/// Which version of each policy counts: the object's own when it is valid, else the last good one.
struct PoliciesInForce {
    /// By name, then UID; each UID once.
    var policies: [EgressGatewayPolicy] = []
    /// Findings of policies whose last good version is in force, by UID.
    var findings: [String: Finding] = [:]

    init(_ objects: [PolicyObject], accepted: [String: EgressGatewayPolicy]) {
        var seen: Set<String> = []
        for object in objects.sorted(by: Self.precedes) where seen.insert(object.metadata.uid).inserted {
            if let policy = object.policy {
                policies.append(policy)
            } else if let last = accepted[object.metadata.uid] {
                policies.append(last)
                findings[object.metadata.uid] = Self.lastGood(object, last)
            }
        }
    }

    private static func precedes(_ a: PolicyObject, _ b: PolicyObject) -> Bool {
        if a.metadata.name != b.metadata.name { return bytewise(a.metadata.name, b.metadata.name) }
        if a.metadata.uid != b.metadata.uid { return bytewise(a.metadata.uid, b.metadata.uid) }
        return a.metadata.generation > b.metadata.generation
    }

    private static func lastGood(_ object: PolicyObject, _ last: EgressGatewayPolicy) -> Finding {
        Finding(
            .warning, .lastGoodInForce, object: last.reference,
            message: "generation \(object.metadata.generation) is invalid: generation \(last.metadata.generation) stays in force",
            hint: "correct what the errors of this policy name, and apply it again")
    }
}
