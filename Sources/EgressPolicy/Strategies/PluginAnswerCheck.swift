import EgressModel

/// A plugin's outcome as an assignment: for now its addresses must be on an interface of the node already.
struct PluginAnswerCheck {
    let strategy: String
    /// `nil`: the module has not been asked yet.
    let outcome: StrategyOutcome?

    func assign(_ request: AssignmentRequest) -> Assignment {
        switch outcome {
        case nil:
            return .missing(request.families, Reason(.addressUnknown, "strategy \(strategy) has not answered on \(request.node) yet"))
        case .failed(let reason), .noAddress(let reason):
            return .missing(request.families, reason)
        case .answer(let answer):
            return check(request, [.ipv4: answer.ipv4, .ipv6: answer.ipv6], answer.interface)
        }
    }

    private func check(_ request: AssignmentRequest, _ answer: [IPFamily: [IPAddress]], _ interface: String?) -> Assignment {
        var assignment = Assignment(interface: interface)
        if let interface {
            guard let found = request.interface(named: interface), found.isUp else {
                let text = "strategy \(strategy) answered interface \(interface), which \(request.node) doesn't have up"
                return .missing(request.families, Reason(.interfaceNotFound, text))
            }
            assignment.interface = found.name
        }
        for family in request.families {
            let addresses = Set(answer[family] ?? []).filter { $0.family == family }.sorted()
            assignment.families[family] = checked(addresses, family, request)
        }
        return assignment
    }

    private func checked(_ addresses: [IPAddress], _ family: IPFamily, _ request: AssignmentRequest) -> Assignment.Family {
        guard !addresses.isEmpty else {
            return .missing(Reason(.addressUnknown, "strategy \(strategy) answered no \(family.title) address on \(request.node)"))
        }
        if let stray = addresses.first(where: { !$0.isGlobal || request.interface(holding: $0) == nil }) {
            let text = "strategy \(strategy) answered \(stray), which no interface of \(request.node) holds"
            return .missing(Reason(.pluginAddressOnNoInterface, text))
        }
        return .addresses(addresses)
    }
}
