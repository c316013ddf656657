import EgressModel

/// Which of a `VirtualService`'s routes takes a connection, as far as that can be told without seeing the request.
struct RouteChoice {
    /// Where the connection comes from: `mesh`, or a gateway as `NAMESPACE/NAME`.
    let gateway: String
    let host: String
    let port: UInt16?
    let address: IPAddress?
    let sourceLabels: Labels
    let sourceNamespace: String

    enum Answer: Hashable {
        /// No route takes it: it goes on as it is.
        case none
        case destinations([VirtualService.Destination])
        case unknown(String)
    }

    /// The first route that holds, of the kinds in their order. What may hold or not must lead to the same.
    func answer(_ service: VirtualService, kinds: [VirtualService.Route.Kind]) -> Answer {
        var answers: [(answer: Answer, doubt: String?)] = []
        for route in kinds.flatMap({ kind in service.routes.filter { $0.kind == kind } }) {
            switch holds(route, of: service) {
            case .no: continue
            case .yes:
                answers.append((Self.answer(route, of: service), nil))
                return Self.common(answers)
            case .unknown(let field): answers.append((Self.answer(route, of: service), field))
            }
        }
        return Self.common(answers + [(.none, nil)])
    }

    private static func common(_ answers: [(answer: Answer, doubt: String?)]) -> Answer {
        guard let first = answers.first else { return .none }
        if answers.allSatisfy({ $0.answer == first.answer }) { return first.answer }
        return .unknown("its routes ask about the request's \(answers.compactMap(\.doubt).first ?? "content")")
    }

    private static func answer(_ route: VirtualService.Route, of service: VirtualService) -> Answer {
        let doing = route.others.filter { $0 != "rewrite" }
        if !doing.isEmpty { return .unknown("a route of its has \(doing.joined(separator: ", ")), which isn't evaluated") }
        let used = route.destinations.count > 1 ? route.destinations.filter { $0.weight != 0 } : route.destinations
        guard !used.isEmpty else { return .unknown("a route of its has no destination") }
        var seen: Set<VirtualService.Destination> = []
        let plain = used.map { VirtualService.Destination(host: MeshHost.full($0.host, in: service.namespace), port: $0.port) }
        return .destinations(plain.filter { seen.insert($0).inserted })
    }

    private enum Holds {
        case yes
        case no
        /// The field that can't be judged.
        case unknown(String)
    }

    private func holds(_ route: VirtualService.Route, of service: VirtualService) -> Holds {
        guard !route.matches.isEmpty else { return names(service.gateways, of: service) ? .yes : .no }
        var doubt: String?
        for match in route.matches {
            switch holds(match, of: service) {
            case .yes: return .yes
            case .no: continue
            case .unknown(let field): doubt = doubt ?? field
            }
        }
        return doubt.map(Holds.unknown) ?? .no
    }

    private func holds(_ match: VirtualService.Match, of service: VirtualService) -> Holds {
        guard names(match.gateways ?? service.gateways, of: service) else { return .no }
        guard match.sourceLabels.allSatisfy({ sourceLabels[$0.key] == $0.value }) || gateway != VirtualService.meshGateway else {
            return .no
        }
        guard match.sourceNamespace.map({ $0 == sourceNamespace }) ?? true else { return .no }
        if !match.sniHosts.isEmpty, MeshHost.specificity(of: match.sniHosts, for: host) == nil { return .no }
        if let wanted = match.port {
            guard let port else { return .unknown("port") }
            guard wanted == port else { return .no }
        }
        if !match.destinationSubnets.isEmpty {
            guard let address else { return .unknown("address") }
            guard match.destinationSubnets.contains(where: { $0.contains(address) }) else { return .no }
        }
        return match.others.isEmpty ? .yes : .unknown(match.others.joined(separator: ", "))
    }

    /// A gateway without a namespace is one of the object's own.
    private func names(_ gateways: [String], of service: VirtualService) -> Bool {
        gateways.contains { name in
            name == VirtualService.meshGateway || name.contains("/") ? name == gateway : "\(service.namespace)/\(name)" == gateway
        }
    }
}
