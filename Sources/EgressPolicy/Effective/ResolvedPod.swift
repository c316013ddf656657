public import EgressModel

/// One pod and the rules of its traffic.
///
/// What it shares with the pods that the same policies select stands in memory once for all of them; rules are made when
/// somebody looks at them.
public struct ResolvedPod: Sendable {
    public let pod: Pod
    let standing: PodStanding

    /// Why it can't have rules at all (host network, finished, no address, not scheduled); `nil` when it can.
    public var notApplicable: Reason? { standing.notApplicable }
    /// Names of the policies that select it.
    public var policies: [String] { standing.policies }
    /// Policies that may or may not select it, as what their selectors ask about couldn't be read.
    public var undecided: [UndecidedPolicy] { standing.undecided }
    /// By family, then prefix; conflicts settled, so each prefix stands once.
    public var rules: PodRules { PodRules(pod, standing) }
    /// What is claimed or excluded in a family in which the cluster knows no address of the pod. It may have one all the
    /// same (router advertisements): a claimed packet from it is dropped.
    public var unaddressed: [UnaddressedClaim] {
        if let unaddressed = standing.given?.unaddressed { return unaddressed }
        return standing.claims.filter { pod.address($0.prefix.family) == nil }.map {
            UnaddressedClaim(prefix: $0.prefix, isExclusion: $0.routing == nil, policyUID: $0.policyUID)
        }
    }

    init(_ pod: Pod, _ standing: PodStanding) {
        self.pod = pod
        self.standing = standing
    }

    /// With rules as they are given.
    public init(
        pod: Pod, notApplicable: Reason?, policies: [String], rules: [ResolvedRule], unaddressed: [UnaddressedClaim] = [],
        undecided: [UndecidedPolicy] = []
    ) {
        self.init(
            pod,
            PodStanding(
                notApplicable: notApplicable, policies: policies, undecided: undecided,
                given: PodStanding.Given(rules: rules, unaddressed: unaddressed)))
    }
}

extension ResolvedPod: Hashable {
    public static func == (a: ResolvedPod, b: ResolvedPod) -> Bool {
        guard a.pod == b.pod else { return false }
        if a.standing === b.standing { return true }
        return a.notApplicable == b.notApplicable && a.policies == b.policies && a.undecided == b.undecided && a.rules == b.rules
            && a.unaddressed == b.unaddressed
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(pod)
        hasher.combine(policies)
    }
}

/// A policy of which it isn't known whether it selects a pod.
public struct UndecidedPolicy: Sendable, Hashable {
    public var name: String
    public var uid: String
    public var reason: Reason

    public init(name: String, uid: String, reason: Reason) {
        self.name = name
        self.uid = uid
        self.reason = reason
    }
}

/// A prefix of a policy that selects the pod, in a family without a known address of the pod.
public struct UnaddressedClaim: Sendable, Hashable {
    public var prefix: IPPrefix
    public var isExclusion: Bool
    public var policyUID: String

    public init(prefix: IPPrefix, isExclusion: Bool, policyUID: String) {
        self.prefix = prefix
        self.isExclusion = isExclusion
        self.policyUID = policyUID
    }
}
