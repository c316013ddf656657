import EgressModel

extension Pod {
    /// Why egress policies can't apply to this pod; `nil` when they can.
    var notApplicable: Reason? {
        if isHostNetwork { return Reason(.hostNetwork, "it uses its node's network, so it leaves as the node") }
        if isFinished { return Reason(.podFinished, "it has finished (\(phase.rawValue))") }
        if nodeName == nil { return Reason(.podNotScheduled, "it isn't scheduled to a node yet") }
        if addresses.isEmpty { return Reason(.podWithoutAddress, "it has no IP address yet") }
        return nil
    }

    func address(_ family: IPFamily) -> IPAddress? { addresses.first { $0.family == family } }
}
