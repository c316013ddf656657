import EgressModel

/// A connection to a service: policies see where it goes on to, a pod behind the service.
struct ServiceConnection: Sendable {
    let judge: ConnectionJudge
    let service: Service

    private var name: String { "service \(service.metadata.namespace ?? "default")/\(service.metadata.name)" }

    func verdict(to destination: Destination) -> NetworkPolicyVerdict {
        guard let selector = service.selector else {
            return unclear("\(destination.address) is \(name), and what is behind it isn't known: it has no selector")
        }
        guard let number = destination.port else {
            let code = ReasonCode.portNotGiven
            let general = judge.general()
            guard general.answer != .allowed else { return general }
            let why = "\(destination.address) is \(name): give the port too, as pods behind it may have another one"
            return NetworkPolicyVerdict(.unknown, why, code: code, by: general.by, notEvaluated: general.notEvaluated)
        }
        let transport = destination.transport ?? "tcp"
        guard let port = service.ports.first(where: { $0.number == number && $0.transport == transport }) else {
            return unclear("\(name) has no port \(number)/\(transport)")
        }
        let pods = judge.snapshot.pods.filter {
            $0.namespace == service.metadata.namespace ?? "default" && !$0.isFinished
                && LabelSelector(matchLabels: selector).matches($0.metadata.labels)
        }.sorted { $0.reference < $1.reference }
        return agreed(pods.compactMap { verdict(port, $0, destination) })
    }

    /// `nil`: the pod has no address of the family, or doesn't have the port.
    private func verdict(_ port: ServicePort, _ pod: Pod, _ destination: Destination) -> NetworkPolicyVerdict? {
        guard let address = pod.addresses.first(where: { $0.family == destination.address.family }) else { return nil }
        let number: UInt16
        switch port.target {
        case .number(let target): number = target
        case .name(let name):
            guard let named = pod.ports.first(where: { $0.name == name && $0.transport == port.transport }) else { return nil }
            number = named.number
        }
        let destination = Destination(address: address, port: number, transport: port.transport)
        if pod.reference == judge.pod.reference { return NetworkPolicyVerdict(.allowed, "\(address) is the pod itself") }
        // Looked for once already: a service may have thousands of pods behind it.
        let place: ConnectionPlace =
            pod.isHostNetwork ? .node(pod.nodeName ?? "", isOwn: pod.nodeName == judge.pod.nodeName, sharing: [pod]) : .pods([pod])
        return judge.verdict(Connection(pod: judge.pod, to: destination, place: place))
    }

    private func agreed(_ verdicts: [NetworkPolicyVerdict]) -> NetworkPolicyVerdict {
        guard var first = verdicts.first(where: { $0.answer == .unknown }) ?? verdicts.first else {
            return unclear("\(name) has no pod behind it in the snapshot")
        }
        if verdicts.contains(where: { $0.answer != first.answer }), first.answer != .unknown {
            return unclear("\(name): some of the \(verdicts.count) pods behind it may be reached, and others may not")
        }
        first.reason += " (\(name), \(verdicts.count) \(verdicts.count == 1 ? "pod" : "pods") behind it)"
        return first
    }

    private func unclear(_ why: String) -> NetworkPolicyVerdict {
        let general = judge.general()
        guard general.answer != .allowed else { return general }
        return NetworkPolicyVerdict(.unknown, why, code: .destinationUnclear, by: general.by, notEvaluated: general.notEvaluated)
    }
}
