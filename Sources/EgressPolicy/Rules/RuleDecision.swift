import EgressModel

/// What happens to packets that a policy claims, before a prefix is put to it.
struct RuleDecision {
    var action: ResolvedRule.Action
    var gateway: GatewayCandidate?
    var egressIP: IPAddress?
    var reason: Reason

    /// Fails closed: whatever is missing on the way is a drop, and only the policy's own word makes it a bypass.
    ///
    /// - Parameter source: the pod's address.
    init(_ source: IPAddress, _ routing: PolicyRouting, _ best: PolicyRouting.Option?) {
        let family = source.family
        guard routing.carried.contains(family) else {
            self.init(action: .drop, reason: .ipv6NotCarried)
            return
        }
        if let unknown = routing.unknown {
            self.init(unknown, source, best?.candidate)
            return
        }
        guard let gateway = best?.candidate else {
            self.init(noGateway: routing)
            return
        }
        switch gateway.egressAddress(family) {
        case .missing(let reason):
            self.init(action: .drop, gateway: gateway, reason: reason)
        case .unknown(let reason, let intended) where !routing.hasReports:
            self.init(action: .gateway, gateway: gateway, egressIP: intended, reason: reason)
        case .unknown(let reason, _):
            self.init(action: .drop, gateway: gateway, reason: reason)
        case .addresses(let addresses):
            self.init(announced: gateway, source, addresses)
        case .notNeeded:
            self.init(
                action: .drop, gateway: gateway, reason: Reason(.addressUnknown, "the gateway has no \(family.title) address for this"))
        }
    }

    /// What the policy asks for, as far as anything is known; the reason says what isn't. Nothing is planned from this.
    private init(_ unknown: Reason, _ source: IPAddress, _ gateway: GatewayCandidate?) {
        var intended: IPAddress?
        switch gateway?.egressAddress(source.family) {
        case .unknown(_, let address): intended = address
        case .addresses(let addresses): intended = EgressAddressChoice.address(for: source, of: addresses)
        case .missing, .notNeeded, nil: break
        }
        self.init(action: .gateway, gateway: gateway, egressIP: intended, reason: unknown)
    }

    private init(announced gateway: GatewayCandidate, _ source: IPAddress, _ addresses: [IPAddress]) {
        guard gateway.entryID != nil else {
            self.init(action: .drop, gateway: gateway, reason: GatewayCandidate.notAnnounced(gateway.node))
            return
        }
        let address = EgressAddressChoice.address(for: source, of: addresses)
        let others = addresses.count > 1 ? ", one of \(addresses.count) by the pod's address" : ""
        let text = "leaves by \(address.map(\.description) ?? "an address") of \(gateway.node)\(others)"
        self.init(action: .gateway, gateway: gateway, egressIP: address, reason: Reason(.byGateway, text))
    }

    private init(noGateway routing: PolicyRouting) {
        switch routing.policy.onNoGateway {
        case .drop:
            self.init(action: .drop, reason: routing.nothing)
        case .bypass:
            self.init(
                action: .exclude,
                reason: Reason(.bypass, "\(routing.nothing.text); the policy says bypass, so it leaves as the pod's node"))
        }
    }

    private init(action: ResolvedRule.Action, gateway: GatewayCandidate? = nil, egressIP: IPAddress? = nil, reason: Reason) {
        self.action = action
        self.gateway = gateway
        self.egressIP = egressIP
        self.reason = reason
    }
}
