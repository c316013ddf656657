import EgressModel

extension Pod {
    /// Why egress policies can't apply to this pod; `nil` when they can.
    var notApplicable: Reason? { PodStanding.withoutRules(self)?.notApplicable }

    func address(_ family: IPFamily) -> IPAddress? { addresses.first { $0.family == family } }
}

extension Reason {
    static let ofHostNetwork = Reason(.hostNetwork, "it uses its node's network, so it leaves as the node")
    static let unscheduled = Reason(.podNotScheduled, "it isn't scheduled to a node yet")
    static let withoutAddress = Reason(.podWithoutAddress, "it has no IP address yet")

    static func finished(_ phase: Pod.Phase) -> Reason { Reason(.podFinished, "it has finished (\(phase.rawValue))") }
}
