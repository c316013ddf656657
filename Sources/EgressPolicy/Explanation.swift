public import EgressModel

/// How one pod's traffic leaves, and why: what `explain pod` prints.
public struct Explanation: Sendable, Hashable {
    public var pod: Pod
    /// `nil` without `--to`; then `rules` tell.
    public var destination: Destination?
    public var verdict: Verdict?
    public var steps: [ExplanationStep]
    /// Every policy of the cluster: selecting ones first, then those that may, then the others; nearest first in each group.
    public var policies: [PolicyExplanation]
    public var rules: [ResolvedRule]
    public var findings: [Finding]
    /// What a service mesh does to this, and what of it isn't known.
    public var remarks: [Reason] = []
    /// The gateway that a mesh sends it through: then `verdict` is that of the gateway's pods.
    public var via: MeshVia?
    /// What network policies say of it; `nil`: nobody asked.
    public var networkPolicy: NetworkPolicyVerdict?

    public init(
        pod: Pod, destination: Destination?, verdict: Verdict?, steps: [ExplanationStep], policies: [PolicyExplanation],
        rules: [ResolvedRule], findings: [Finding]
    ) {
        self.pod = pod
        self.destination = destination
        self.verdict = verdict
        self.steps = steps
        self.policies = policies
        self.rules = rules
        self.findings = findings
    }
}

public struct Destination: Sendable, Hashable {
    public var address: IPAddress
    public var port: UInt16?
    /// `tcp`, `udp`, `icmp` …, lower case.
    public var transport: String?

    public init(address: IPAddress, port: UInt16? = nil, transport: String? = nil) {
        self.address = address
        self.port = port
        self.transport = transport
    }
}

public struct Verdict: Sendable, Hashable {
    public enum Action: String, Sendable, Hashable {
        case gateway
        case exclude
        /// Leaves as the node; no policy claims this.
        case direct
        case drop
        /// Egress policies can't apply to this pod.
        case notApplicable = "not-applicable"
    }

    /// `nil`: what decides couldn't be read or isn't one answer, as `code` (EG5…, EG2052) and `reason` say.
    public var action: Action?
    public var policy: String?
    public var gatewayNode: String?
    public var gatewayIP: IPAddress?
    public var egressIP: IPAddress?
    public var steering: Steering?
    public var code: ReasonCode
    public var reason: String
    /// The whole verdict for a person.
    public var sentence: String

    public init(
        action: Action?, policy: String? = nil, gatewayNode: String? = nil, gatewayIP: IPAddress? = nil, egressIP: IPAddress? = nil,
        steering: Steering? = nil, code: ReasonCode, reason: String, sentence: String
    ) {
        self.action = action
        self.policy = policy
        self.gatewayNode = gatewayNode
        self.gatewayIP = gatewayIP
        self.egressIP = egressIP
        self.steering = steering
        self.code = code
        self.reason = reason
        self.sentence = sentence
    }
}

public struct ExplanationStep: Sendable, Hashable {
    public enum Step: String, Sendable, Hashable {
        case selected
        case matched
        case gateway
        case address
        case path
        case inForce
    }

    public enum Result: String, Sendable, Hashable {
        case yes
        case no
        case unknown
    }

    public var step: Step
    public var result: Result
    public var detail: String

    public init(_ step: Step, _ result: Result, _ detail: String) {
        self.step = step
        self.result = result
        self.detail = detail
    }
}

public struct PolicyExplanation: Sendable, Hashable {
    public var name: String
    /// `nil`: what its selectors ask about couldn't be read.
    public var selects: Bool?
    /// The fields that decided.
    public var why: [String]
    /// What it would take to match, by the nearest of its rules first; empty when it does.
    public var wouldNeed: [String]
    /// What begins a need of another rule than the nearest.
    public static let otherWay = "or, "
    /// How many things the nearest way lacks.
    var lacking: Int

    public init(name: String, selects: Bool?, why: [String], wouldNeed: [String] = []) {
        self.name = name
        self.selects = selects
        self.why = why
        self.wouldNeed = wouldNeed
        lacking = wouldNeed.count
    }
}
