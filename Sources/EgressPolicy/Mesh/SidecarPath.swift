import EgressModel

/// What Istio's sidecar does with a connection, by ServiceEntries and VirtualServices. Not evaluated: `Sidecar`,
/// `DestinationRule`, `outboundTrafficPolicy`; of the Gateway API's routes it is only known which entries they are for.
struct SidecarPath {
    let pod: Pod
    let host: String?
    let snapshot: ClusterSnapshot

    func path(to destination: Destination?) -> MeshPath {
        let own = "its istio-proxy opens the pod's connections from the pod's own address, but for what it sends through a gateway"
        let base = MeshPath([Reason(.sidecarLeavesAsPod, own)])
        guard let destination else { return base }
        if let past = SidecarCapture(pod).exception(destination) { return MeshPath([Reason(.pastTheProxy, past)]) }
        if let unread = snapshot.mesh.unread.first { return base.unknown(unread.reason, unread.code) }
        guard let host else { return byAddress(destination, base) }
        return path(to: host, destination, base)
    }

    /// Proxies know of an address what a ServiceEntry says; HTTP and TLS carry names that aren't known here.
    private func byAddress(_ destination: Destination, _ base: MeshPath) -> MeshPath {
        let entries = snapshot.serviceEntries(at: destination.address, from: pod.namespace)
        if let entry = entries.first, entries.count == 1, let only = entry.hosts.first, entry.hosts.count == 1, !only.hasPrefix("*") {
            let path = path(to: only, destination, base)
            return entry.keepsAddress ? path : path.elsewhere(entry)
        }
        let leading = snapshot.mesh.virtualServices.filter { leadsInside($0) }.sorted { $0.reference < $1.reference }
        guard let first = leading.first else { return base }
        return base.unknown(
            "it goes by names, and \(first.reference) takes \(first.hosts.sorted().joined(separator: ", ")) to one; ask with --to HOST:PORT"
        )
    }

    /// Whether some route for sidecars leads to a service of the cluster for a host that isn't one.
    private func leadsInside(_ service: VirtualService) -> Bool {
        isForSidecars(service) && service.hosts.contains { MeshHost.service(MeshHost.full($0, in: service.namespace)) == nil }
            && service.routes.flatMap(\.destinations).contains { MeshHost.service(MeshHost.full($0.host, in: service.namespace)) != nil }
    }

    private func isForSidecars(_ service: VirtualService) -> Bool {
        MeshHost.isVisible(service.exportTo, of: service.namespace, from: pod.namespace)
            && (service.gateways.contains(VirtualService.meshGateway)
                || service.routes.flatMap(\.matches).contains { $0.gateways?.contains(VirtualService.meshGateway) == true })
    }

    private func path(to host: String, _ destination: Destination, _ base: MeshPath) -> MeshPath {
        let candidates = snapshot.mesh.virtualServices.filter(isForSidecars).compactMap { service in
            MeshHost.specificity(of: service.hosts, for: host).map { (service, $0) }
        }
        let entries = snapshot.serviceEntries(for: host, from: pod.namespace)
        if let route = snapshot.route(of: entries) { return base.unknown("\(route) routes \(host), and isn't evaluated") }
        guard let best = candidates.map(\.1).max() else { return base }
        let services = candidates.filter { $0.1 == best }.map(\.0).sorted { $0.reference < $1.reference }
        guard let service = services.first, services.count == 1 else {
            return base.unknown("\(services.map(\.reference.description).joined(separator: " and ")) both route \(host)")
        }
        guard let entry = entries.first else {
            return base.unknown("\(service.reference) routes \(host), and no ServiceEntry that namespace \(pod.namespace) sees names it")
        }
        let ports = entry.ports.filter { $0.number == destination.port ?? $0.number }
        guard !ports.isEmpty else {
            return base.unknown("\(entry.reference) has no port \(destination.port.map(String.init) ?? "at all")")
        }
        let answers = ports.map { port in (port, answer(service, host, port, destination)) }
        guard let first = answers.first, answers.allSatisfy({ Self.leadsAlike($0.1, first.1) }) else {
            return base.unknown("\(service.reference) leads its ports to different places; say the port: --to \(host):PORT")
        }
        return follow(
            first.1, of: service, host,
            Destination(
                address: destination.address, port: destination.port ?? first.0.number,
                transport: "tcp"), base)
    }

    /// To the same hosts, by whatever port.
    private static func leadsAlike(_ a: RouteChoice.Answer, _ b: RouteChoice.Answer) -> Bool {
        guard case .destinations(let left) = a, case .destinations(let right) = b else { return a == b }
        return left.map(\.host) == right.map(\.host)
    }

    private func answer(_ service: VirtualService, _ host: String, _ port: ServiceEntry.Port, _ destination: Destination)
        -> RouteChoice.Answer
    {
        let kinds: [VirtualService.Route.Kind] =
            switch port.transport {
            case "HTTP", "HTTP2", "GRPC", "GRPC-WEB": [.http]
            case "HTTPS", "TLS": [.tls, .tcp]
            case "TCP", "MONGO", "MYSQL", "REDIS": [.tcp]
            default: []
            }
        guard !kinds.isEmpty else { return .unknown("the protocol of port \(port.number) isn't said") }
        let choice = RouteChoice(
            gateway: VirtualService.meshGateway, host: host, port: port.number, address: destination.address,
            sourceLabels: pod.metadata.labels, sourceNamespace: pod.namespace)
        return choice.answer(service, kinds: kinds)
    }

    private func follow(
        _ answer: RouteChoice.Answer, of virtual: VirtualService, _ host: String, _ destination: Destination, _ base: MeshPath
    ) -> MeshPath {
        switch answer {
        case .none: return base
        case .unknown(let why): return base.unknown("\(virtual.reference): \(why)")
        case .destinations(let all):
            if all.allSatisfy({ $0.host.lowercased() == host.lowercased() }) { return base }
            guard let target = all.first, all.allSatisfy({ $0.host == target.host }) else {
                return base.unknown("\(virtual.reference) splits it between \(all.map(\.host).joined(separator: " and "))")
            }
            guard let found = MeshHost.service(target.host) else {
                return base.unknown("\(virtual.reference) sends it to \(target.host) instead, whose address isn't known")
            }
            return through(found, port: target.port, of: virtual, host, destination, base)
        }
    }

    private func through(
        _ found: (namespace: String, name: String), port: UInt16?, of virtual: VirtualService, _ host: String, _ destination: Destination,
        _ base: MeshPath
    ) -> MeshPath {
        let title = "service \(found.namespace)/\(found.name)"
        let lead = "\(virtual.reference) sends it to \(title)"
        for kind in [ClusterKind.service, .pod] {
            if let unread = snapshot.unread(kind, namespace: found.namespace) {
                return base.unknown("\(lead), and \(unread.reason)", unread.code)
            }
        }
        guard let service = snapshot.services.first(where: { $0.metadata.name == found.name && $0.metadata.namespace == found.namespace })
        else {
            return base.unknown("\(lead), which isn't there")
        }
        let pods = GatewayPods.pods(of: service, snapshot)
        guard !pods.isEmpty else { return base.unknown("\(lead), which has no pods") }
        let second = GatewayLeg(pods: pods, host: host, port: port ?? destination.port, snapshot: snapshot).destination(destination)
        var remarks = [Reason(.meshSendsToGateway, "\(lead), and its pod opens the connection that leaves")]
        if case .failure(let why) = second { remarks.append(Reason(.meshUnknown, "where the gateway sends it isn't known: \(why.text)")) }
        return MeshPath(remarks, hop: MeshPath.Hop(object: virtual.reference, pods: pods, destination: try? second.get()))
    }
}
