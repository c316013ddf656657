import EgressModel

/// Whether a destination is one of Cilium's entities.
struct EntityJudgement: Sendable {
    let connection: Connection

    func judge(_ entity: CiliumEntity, path: String) -> Judgement {
        if entity == .all { return Judgement(.yes, "\(path): all") }
        if entity == .none { return Judgement(.no, "\(path): none") }
        if case .unclear(let why) = connection.place { return .unknown(.destinationUnclear, "\(path): \(why)") }
        guard let answer = answer(entity) else {
            return .unknown(.ruleNotJudged, "\(path): whether \(connection.address) is \(entity.rawValue) can't be judged from a snapshot")
        }
        return Judgement(answer ? .yes : .no, "\(path): \(connection.address) is \(answer ? "" : "not ")\(entity.rawValue)")
    }

    /// `nil`: a snapshot doesn't show it.
    private func answer(_ entity: CiliumEntity) -> Bool? {
        switch (entity, connection.place) {
        case (.world, .outside): true
        case (.worldIPv4, .outside): connection.address.family == .ipv4
        case (.worldIPv6, .outside): connection.address.family == .ipv6
        case (.cluster, .pods), (.cluster, .node): true
        case (.host, .node(_, let isOwn, _)): isOwn
        case (.remoteNode, .node(_, let isOwn, _)): !isOwn
        // The API server may be on a node or outside; as a pod it is in its node's network.
        case (.apiServer, .outside), (.apiServer, .node): nil
        // Pods that Cilium doesn't know yet, or doesn't look after, have no labels for it.
        case (.initial, .pods), (.unmanaged, .pods): nil
        default: false
        }
    }
}
