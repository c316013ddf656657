public import EgressModel

/// What becomes of a packet, in words that hold for both products.
public enum EgressFate: Sendable, Hashable {
    /// Through the gateway; `address` is `nil` where it isn't known.
    case gateway(node: String, address: IPAddress?)
    case dropped(String)
    /// As its node: excluded, or not claimed at all.
    case asNode

    /// Whether a user sees the same: what isn't known is no difference, and neither are words for a drop.
    func looksLike(_ other: EgressFate) -> Bool {
        switch (self, other) {
        case (.gateway(let node, let address), .gateway(let otherNode, let otherAddress)):
            node == otherNode && (address == nil || otherAddress == nil || address == otherAddress)
        case (.dropped, .dropped), (.asNode, .asNode): true
        default: false
        }
    }

    /// For a column: `node-2 198.51.100.100`, `dropped`, `as its node`.
    public var brief: String {
        switch self {
        case .gateway(let node, let address): "\(node) \(address?.description ?? "unknown")"
        case .dropped: "dropped"
        case .asNode: "as its node"
        }
    }

    /// As ``clause``, with where that is: `there` or `here`.
    func clause(_ place: String) -> String {
        if case .dropped(let why) = self { "are dropped \(place) (\(why))" } else { "\(clause) \(place)" }
    }

    /// Part of a sentence whose subject are a pod's packets.
    var clause: String {
        switch self {
        case .gateway(let node, let address): "leave by \(address?.description ?? "an address that isn't known") through \(node)"
        case .dropped(let why): "are dropped (\(why))"
        case .asNode: "leave as the pod's node"
        }
    }

    init(_ rule: ResolvedRule?) {
        guard let rule else {
            self = .asNode
            return
        }
        switch rule.action {
        case .gateway: self = .gateway(node: rule.gatewayNode ?? "?", address: rule.egressIP)
        case .exclude: self = .asNode
        case .drop: self = .dropped(rule.reason.text)
        }
    }

    init(_ entry: CiliumEntry, _ profile: CiliumProfile) {
        if entry.isExclusion {
            self = .asNode
            return
        }
        guard let node = entry.gatewayNode else {
            self = profile.dropsWithoutGateway ? .dropped("no node matches the gateway selector") : .asNode
            return
        }
        switch entry.egressIP {
        case .address(let address): self = .gateway(node: node, address: address)
        case .unknown(_, let intended): self = .gateway(node: node, address: intended)
        case .none(let why):
            let sure = profile.dropsWithoutEgressIP == true ? "" : "; that \(profile.version) drops them isn't confirmed"
            self = .dropped("\(node) finds no egress IP: \(why)\(sure)")
        }
    }
}
