import EgressModel

/// What is at a destination, as far as the snapshot shows it.
enum ConnectionPlace: Sendable, Hashable {
    /// Pods with the address, of one that is used again more than one.
    case pods([Pod])
    /// A node, and whether it is the pod's own; pods in its network share its address.
    case node(String, isOwn: Bool, sharing: [Pod])
    case outside
    /// Inside the cluster or perhaps so, and what it is isn't known.
    case unclear(String)

    /// Two addresses that clouds answer their metadata at; link-local, and yet nothing of the cluster.
    static let metadataAddresses: [IPAddress] = ["169.254.169.254", "fd00:ec2::254"].compactMap { IPAddress($0) }

    init(_ address: IPAddress, of pod: Pod, in snapshot: ClusterSnapshot) {
        let holders = snapshot.pods.filter { !$0.isFinished && $0.addresses.contains(address) }.sorted { $0.reference < $1.reference }
        let own = holders.filter { !$0.isHostNetwork }
        if !own.isEmpty {
            self = .pods(own)
        } else if let node = snapshot.nodes.first(where: {
            $0.internalAddresses.contains(address) || $0.externalAddresses.contains(address)
        }) {
            self = .node(node.name, isOwn: node.name == pod.nodeName, sharing: holders)
        } else if let host = holders.first?.nodeName {
            self = .node(host, isOwn: host == pod.nodeName, sharing: holders)
        } else if Self.metadataAddresses.contains(address) {
            self = .outside
        } else {
            self.init(unowned: address, in: snapshot)
        }
    }

    private init(unowned address: IPAddress, in snapshot: ClusterSnapshot) {
        let known = KnownRanges(snapshot)
        let holding = InClusterRange.withoutPods(in: snapshot, known).filter { $0.prefix.contains(address) }
        guard let range = holding.max(by: { $0.prefix.length < $1.prefix.length }) else {
            self = .outside
            return
        }
        switch range.kind {
        case .assumed: self = .unclear("\(address) may be inside the cluster, whose own ranges aren't known")
        case .pod: self = .unclear("\(address) is in the pods' range \(range.prefix), and no pod of the snapshot has it")
        case .service: self = .unclear("\(address) is in the services' range \(range.prefix), and no service of the snapshot has it")
        case .local: self = .unclear("\(address) is in \(range.prefix), which is never routed")
        case .node: self = .unclear("\(address) is a node's")
        }
    }
}

/// A connection that policies are asked about.
struct Connection: Sendable {
    var pod: Pod
    var address: IPAddress
    var port: UInt16?
    var transport: String?
    var place: ConnectionPlace

    init(pod: Pod, to destination: Destination, place: ConnectionPlace) {
        self.pod = pod
        self.place = place
        (address, port, transport) = (destination.address, destination.port, destination.transport)
    }

    /// `203.0.113.80:443/tcp`.
    var target: String {
        guard let port else { return address.description }
        let host = address.family == .ipv6 ? "[\(address)]" : address.description
        return "\(host):\(port)/\(transport ?? "tcp")"
    }
}
