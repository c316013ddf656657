import EgressModel

/// Whether a plugin's answer holds on this node: its addresses on an interface that is up, or claimed for one that is.
struct PluginAnswerCheck {
    /// Addresses of one family; an answer with more is cut, the lowest stay.
    static let mostAddresses = 16

    let strategy: String

    func assign(_ answer: StrategyAnswer, _ request: AssignmentRequest) -> Assignment {
        var assignment = Assignment(interface: answer.interface)
        if let name = answer.interface {
            guard let found = request.interface(named: name), found.isUp else {
                let text = "strategy \(strategy) answered interface \(name), which \(request.node) doesn't have up"
                return .missing(request.families, Reason(.interfaceNotFound, text))
            }
            assignment.interface = found.name
        } else if answer.claims {
            let text = "strategy \(strategy) claims addresses and names no interface of \(request.node) for them"
            return .missing(request.families, Reason(.pluginFailed, text))
        }
        for family in request.families { assignment.families[family] = checked(answer, family, request) }
        return assignment
    }

    private func checked(_ answer: StrategyAnswer, _ family: IPFamily, _ request: AssignmentRequest) -> Assignment.Family {
        let all = Set(family == .ipv4 ? answer.ipv4 : answer.ipv6).filter { $0.family == family }.sorted()
        let addresses = Array(all.prefix(Self.mostAddresses))
        guard !addresses.isEmpty else {
            return .missing(Reason(.pluginNoAddress, "strategy \(strategy) answered no \(family.title) address on \(request.node)"))
        }
        if let stray = addresses.first(where: { !$0.isGlobal }) {
            let text = "strategy \(strategy) answered \(stray), which can't leave \(request.node)"
            return .missing(Reason(.pluginAddressOnNoInterface, text))
        }
        if !answer.claims, let stray = addresses.first(where: { request.interface(holding: $0) == nil }) {
            let text = "strategy \(strategy) answered \(stray), which no interface of \(request.node) that is up holds"
            return .missing(Reason(.pluginAddressOnNoInterface, text))
        }
        return .addresses(addresses)
    }
}
