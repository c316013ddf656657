import EgressModel

/// Whether a connection's destination is among those of a rule.
struct PeerJudgement: Sendable {
    let connection: Connection
    let world: ConnectionWorld

    /// `nil`: every destination.
    func judge(_ peers: [NetworkPeer]?, of policy: NetworkPolicyObject, path: String) -> Judgement {
        guard let peers else { return Judgement(.yes, "\(path): every destination") }
        return .any(peers.map { judge($0, of: policy) }, nothing: "\(path): names no destination")
    }

    private func judge(_ peer: NetworkPeer, of policy: NetworkPolicyObject) -> Judgement {
        let home = policy.kind == .ciliumClusterwide ? nil : policy.metadata.namespace ?? "default"
        switch peer.match {
        case .pods(let pods, let namespaces): return kubernetesPods(pods, namespaces, home: home ?? "default", peer.path)
        case .endpoints(let selector): return endpoints(selector, home: home, peer.path)
        case .block(let prefix, let except): return block(prefix, except: except, isCilium: policy.kind.isCilium, peer.path)
        case .entity(let entity): return EntityJudgement(connection: connection).judge(entity, path: peer.path)
        case .name(let name): return onlyOutside(peer.path) { world.names.judge(name: name, connection.address, path: peer.path) }
        case .pattern(let pattern):
            return onlyOutside(peer.path) { world.names.judge(pattern: pattern, connection.address, path: peer.path) }
        case .unjudged(let what, let outsideOnly):
            let unknown = Judgement.unknown(.ruleNotJudged, "\(peer.path): \(what) can't be judged from a snapshot")
            return outsideOnly ? onlyOutside(peer.path) { unknown } : unknown
        }
    }

    private func kubernetesPods(_ selector: LabelSelector?, _ namespaces: LabelSelector?, home: String, _ path: String) -> Judgement {
        func judge(_ pod: Pod) -> Judgement {
            let name = "pod \(pod.namespace)/\(pod.name)"
            if let unmet = selector?.firstUnmet(by: pod.metadata.labels) {
                let has = pod.metadata.labels[unmet.key].map { "is \"\($0)\"" } ?? "is absent"
                return Judgement(.no, "\(path).podSelector: label \(unmet) of \(name) \(has)")
            }
            guard let namespaces else {
                let isHome = pod.namespace == home
                return Judgement(
                    isHome ? .yes : .no, "\(path).podSelector: \(name) \(isHome ? "is selected" : "isn't in namespace \(home)")")
            }
            switch world.selection.namespaces.judge(namespaces, pod.namespace, isRead: world.selection.areNamespacesRead) {
            case true?: return Judgement(.yes, "\(path): \(name) is selected")
            case false?: return Judgement(.no, "\(path).namespaceSelector: \(namespaces) doesn't select namespace \(pod.namespace)")
            case nil:
                return .unknown(world.unreadNamespaces, "\(path).namespaceSelector: labels of namespace \(pod.namespace) couldn't be read")
            }
        }
        return pods(path, judge)
    }

    private func endpoints(_ selector: LabelSelector, home: String?, _ path: String) -> Judgement {
        pods(path) { world.selection.judge(selector, $0, home: home, path: path) }
    }

    /// A selector of pods never means anything but pods; whether it means those in a node's own network depends on the plugin.
    private func pods(_ path: String, _ judge: (Pod) -> Judgement) -> Judgement {
        switch connection.place {
        case .pods(let pods): return .agreed(pods.map(judge), path: path)
        case .outside: return Judgement(.no, "\(path): selects pods, and \(connection.address) is no pod's")
        case .unclear(let why): return .unknown(.destinationUnclear, "\(path): \(why)")
        case .node(let name, _, let sharing):
            if world.isCilium == true || !sharing.contains(where: { judge($0).holds != false }) {
                return Judgement(.no, "\(path): selects pods, and \(connection.address) is node \(name)'s")
            }
            return .unknown(
                .enforcementDiffers, "\(path): network plugins differ on pods in their node's network, which have \(name)'s address")
        }
    }

    /// Cilium knows pods and nodes by what they are and asks for addresses of everything else; most others ask for addresses alone.
    private func block(_ prefix: IPPrefix, except: [IPPrefix], isCilium: Bool, _ path: String) -> Judgement {
        let address = connection.address
        guard prefix.contains(address) else { return Judgement(.no, "\(path): \(prefix) doesn't hold \(address)") }
        if let inner = except.first(where: { $0.contains(address) }) {
            return Judgement(.no, "\(path): \(inner) is excepted from \(prefix), and holds \(address)")
        }
        let yes = Judgement(.yes, "\(path): \(prefix) holds \(address)")
        let byCilium = isCilium ? true : world.isCilium
        switch connection.place {
        case .outside: return yes
        case .unclear(let why): return .unknown(.destinationUnclear, "\(path): \(prefix) holds it, but \(why)")
        case .pods:
            if byCilium == true { return Judgement(.no, "\(path): \(address) is a pod's, which Cilium doesn't look for in \(prefix)") }
            return .unknown(.enforcementDiffers, "\(path): network plugins differ on whether \(prefix) holds addresses of pods")
        case .node(let name, _, _):
            switch (byCilium, world.facts.cilium?.blocksHoldNodes) {
            case (true?, true?): return yes
            case (true?, false?): return Judgement(.no, "\(path): \(address) is node \(name)'s, which Cilium doesn't look for in \(prefix)")
            case (true?, nil):
                return .unknown(.enforcementDiffers, "\(path): whether \(prefix) holds nodes is said by Cilium's policy-cidr-match-mode")
            default: return .unknown(.enforcementDiffers, "\(path): network plugins differ on whether \(prefix) holds addresses of nodes")
            }
        }
    }

    private func onlyOutside(_ path: String, _ judge: () -> Judgement) -> Judgement {
        switch connection.place {
        case .outside: return judge()
        case .unclear(let why):
            let outside = judge()
            return outside.result == .no ? outside : .unknown(.destinationUnclear, "\(path): \(why)")
        case .pods, .node: return Judgement(.no, "\(path): is about destinations outside the cluster, and \(connection.address) is inside")
        }
    }
}

/// What of a snapshot rules are judged on.
struct ConnectionWorld: Sendable {
    let facts: NetworkPolicyFacts
    let names: NameKnowledge
    let selection: CiliumEndpointSelection
    /// The code of namespaces that couldn't be read.
    let unreadNamespaces: ReasonCode
    /// `nil`: nothing tells.
    let isCilium: Bool?

    init(_ snapshot: ClusterSnapshot) {
        facts = snapshot.networkPolicies
        names = NameKnowledge(facts)
        selection = CiliumEndpointSelection(snapshot)
        unreadNamespaces = snapshot.unread(.namespace)?.code ?? .readFailed
        isCilium = facts.cilium != nil || facts.policies.contains(where: \.kind.isCilium) ? true : nil
    }
}
