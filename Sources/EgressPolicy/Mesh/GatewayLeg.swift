import EgressModel

/// What an Istio egress gateway's pods do with a connection that they took: the second half of the way.
struct GatewayLeg {
    let pods: [Pod]
    let host: String
    /// Of the gateway's service, by which routes of the gateway are chosen.
    let port: UInt16?
    let snapshot: ClusterSnapshot

    struct Unknown: Error {
        var text: String
    }

    /// Where they connect to: the same host, by the port that the gateway's routes say.
    func destination(_ asked: Destination) -> Result<Destination, Unknown> {
        let gateways = snapshot.mesh.gateways.filter { gateway in
            gateway.api == .istio && !gateway.selector.isEmpty
                && pods.allSatisfy { pod in gateway.selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value } }
        }
        guard !gateways.isEmpty else { return .failure(Unknown(text: "no Gateway selects its pods")) }
        var answers: Set<RouteChoice.Answer> = []
        for gateway in gateways {
            let name = "\(gateway.namespace)/\(gateway.name)"
            for service in snapshot.mesh.virtualServices where MeshHost.specificity(of: service.hosts, for: host) != nil {
                // Behind mutual TLS between proxies what was HTTP or TLS may be routed as any kind.
                let answer = RouteChoice(
                    gateway: name, host: host, port: port, address: nil, sourceLabels: [:], sourceNamespace: gateway.namespace
                ).answer(service, kinds: [.http, .tls, .tcp])
                if answer != .none { answers.insert(answer) }
            }
        }
        guard let answer = answers.first else { return .failure(Unknown(text: "no VirtualService routes \(host) at its Gateway")) }
        guard answers.count == 1, case .destinations(let all) = answer, let target = all.first, all.count == 1 else {
            return .failure(Unknown(text: "its VirtualServices don't give one answer for \(host)"))
        }
        guard target.host.lowercased() == host.lowercased() else {
            return .failure(Unknown(text: "it sends \(host) on to \(target.host), whose address isn't known"))
        }
        return .success(Destination(address: asked.address, port: target.port ?? asked.port, transport: asked.transport))
    }
}
