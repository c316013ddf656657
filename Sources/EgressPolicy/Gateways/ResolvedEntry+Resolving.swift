import EgressModel

extension ResolvedEntry {
    /// One gateway entry of a policy: every node that matches, and why it can't be chosen.
    ///
    /// Silence moves traffic where there is somewhere to move, and never ends it: agents are silent as well when the API
    /// server is away, while the datapath goes on.
    init(_ policy: EgressGatewayPolicy, entry: Int, _ view: GatewayView) {
        let selector = policy.gateways[entry].nodeSelector
        let matching = view.index.matching(selector).map { ($0, view.ineligible($0)) }
        let someoneSpeaks = matching.contains { $0.1 == nil && !view.silent.contains($0.0.name) }
        let someoneHas = matching.contains { node, reason in
            reason == nil && !view.silent.contains(node.name)
                && view.resolution(of: policy, entry: entry, by: node.name)?.isPluginAnswer == true
        }
        let candidates = matching.map { node, reason in
            let silence = someoneSpeaks && view.silent.contains(node.name) ? Self.silence(node, view) : nil
            let refusal = someoneHas ? Self.refusal(node, policy, entry, view) : nil
            return GatewayCandidate(node, policy, entry: entry, ineligible: reason ?? silence ?? refusal, view)
        }
        self.init(entry: entry, candidates: candidates)
    }

    /// A plugin module's word that the node is not to serve the entry. Like silence it moves traffic only where there is
    /// somewhere to move: a failure is no such word, and neither is an address that an interface lost.
    private static func refusal(_ node: Node, _ policy: EgressGatewayPolicy, _ entry: Int, _ view: GatewayView) -> Reason? {
        guard policy.strategy != nil, let announced = view.resolution(of: policy, entry: entry, by: node.name),
            !announced.hasAddresses, ReasonCode.refusals.contains(ReasonCode(rawValue: announced.code))
        else { return nil }
        return Reason(ReasonCode(rawValue: announced.code), "\(node.name): \(announced.reason)")
    }

    private static func silence(_ node: Node, _ view: GatewayView) -> Reason {
        Reason(.nodeSilent, "\(node.name) last reported at \(view.reports[node.name]?.reportedAt ?? "no time")")
    }
}

extension GatewayCandidate {
    init(_ node: Node, _ policy: EgressGatewayPolicy, entry: Int, ineligible: Reason?, _ view: GatewayView) {
        let report = view.reports[node.name]
        let announced = view.resolution(of: policy, entry: entry, by: node.name)
        self.init(
            node: node.name, address: node.tunnelAddress(view.tunnelFamily), ineligible: ineligible,
            entryID: announced.flatMap { (1...EntryAnnouncement.highestID).contains($0.id) ? $0.id : nil },
            interface: announced?.interface, ipv4: .notNeeded, ipv6: .notNeeded)
        guard announced == nil, let report, !report.interfaces.isEmpty, policy.strategy == nil else {
            for family in policy.families {
                set(family, announced.map { Self.announced($0, family) } ?? Self.unknown(node, policy, entry, family, view))
            }
            return
        }
        let derived = assignBuiltIn(policy, entry: entry, on: report)
        interface = derived.interface
        for family in policy.families { set(family, EgressAddress(derived, family)) }
    }

    private mutating func set(_ family: IPFamily, _ address: EgressAddress) {
        switch family {
        case .ipv4: ipv4 = address
        case .ipv6: ipv6 = address
        }
    }

    private static func announced(_ resolution: EntryResolution, _ family: IPFamily) -> EgressAddress {
        let addresses = resolution.addresses(family)
        if !addresses.isEmpty { return .addresses(EgressAddressChoice.usable(addresses)) }
        guard !resolution.code.isEmpty else {
            return .missing(Reason(.addressUnknown, "the gateway announced no \(family.title) address"))
        }
        return .missing(Reason(ReasonCode(rawValue: resolution.code), resolution.reason))
    }

    private static func unknown(
        _ node: Node, _ policy: EgressGatewayPolicy, _ entry: Int, _ family: IPFamily, _ view: GatewayView
    ) -> EgressAddress {
        var intended: IPAddress?
        if policy.strategy == nil, case .address(let address) = policy.gateways[entry].source, address.family == family {
            intended = address
        }
        return .unknown(view.hasReports ? notAnnounced(node.name) : .noReports, intended: intended)
    }

    static func notAnnounced(_ node: String) -> Reason {
        Reason(.entryNotAnnounced, "\(node) has not announced this entry, so no node may use it")
    }
}

extension ReasonCode {
    /// Answers of plugin modules that say: not this node.
    static let refusals: Set<ReasonCode> = [.pluginNoAddress, .addressHeldElsewhere]
}

extension EgressAddress {
    fileprivate init(_ assignment: Assignment, _ family: IPFamily) {
        switch assignment.families[family] {
        case .addresses(let addresses): self = .addresses(EgressAddressChoice.usable(addresses))
        case .missing(let reason): self = .missing(reason)
        case nil: self = .notNeeded
        }
    }
}

extension Reason {
    static let noReports = Reason(.noNodeReports, "no node reports, so addresses and ids are not known; this is what the policy asks for")
}
