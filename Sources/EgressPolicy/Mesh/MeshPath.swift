public import EgressModel

/// What a service mesh does with one pod's connection: remarks, and the gateway that it sends it through.
public struct MeshPath: Sendable, Hashable {
    public var remarks: [Reason]
    /// `nil`: none that is known, and the pod's own address is what leaves.
    public var hop: Hop?

    /// Pods inside of the cluster that a mesh sends a connection to, for them to open the one that leaves.
    public struct Hop: Sendable, Hashable {
        /// The object that says so.
        public var object: ObjectReference
        /// One of them takes the connection.
        public var pods: [Pod]
        /// Where they connect to; `nil`: that isn't known.
        public var destination: Destination?
    }

    init(_ remarks: [Reason] = [], hop: Hop? = nil) {
        self.remarks = remarks
        self.hop = hop
    }

    /// - Parameters:
    ///   - host: the name that the pod asks for; meshes go by names first of all.
    ///   - destination: `nil`: only what holds for every destination.
    public init(of pod: Pod, to host: String?, _ destination: Destination?, in snapshot: ClusterSnapshot) {
        if pod.notApplicable != nil {
            self.init()
        } else if let gateway = snapshot.gateway(servedBy: pod) {
            let text = "the pod serves \(gateway): what it sends on for others leaves by its own address"
            self.init([Reason(.isMeshGateway, text)])
        } else if pod.sidecar == .linkerd {
            let text =
                "its linkerd-proxy opens the pod's connections from the pod's own address; routes from an EgressNetwork to a "
                + "service aren't evaluated"
            self.init([Reason(.sidecarLeavesAsPod, text)])
        } else if pod.sidecar == .istio {
            self = SidecarPath(pod: pod, host: host, snapshot: snapshot).path(to: destination)
        } else if snapshot.isAmbient(pod) {
            self = AmbientPath(pod: pod, host: host, snapshot: snapshot).path(to: destination)
        } else {
            self.init()
        }
    }

    /// Of a destination that is an address which an entry gives to a host: the host's own addresses aren't known.
    func elsewhere(_ entry: ServiceEntry) -> MeshPath {
        let text =
            "\(entry.reference) gives the address to \(entry.hosts.sorted().joined(separator: ", ")): proxies connect to addresses of that"
        var path = MeshPath(remarks + [Reason(.meshUnknown, text)], hop: hop)
        path.hop?.destination = nil
        return path
    }

    /// The remark that it isn't known, after the others.
    func unknown(_ why: String, _ code: ReasonCode = .meshUnknown) -> MeshPath {
        MeshPath(remarks + [Reason(code, "whether the mesh sends this through a gateway isn't known: \(why)")])
    }
}

extension ClusterSnapshot {
    private static let modeLabel = "istio.io/dataplane-mode"

    /// Whether Istio's ambient mode takes the pod: by its own label, else by its namespace's.
    func isAmbient(_ pod: Pod) -> Bool {
        let own = pod.metadata.labels[Self.modeLabel]
        return (own ?? namespaces.first { $0.name == pod.namespace }?.metadata.labels[Self.modeLabel]) == "ambient"
    }

    /// The most specific entries that name the host and are seen from the namespace.
    func serviceEntries(for host: String, from namespace: String) -> [ServiceEntry] {
        let seen = mesh.serviceEntries.filter { MeshHost.isVisible($0.exportTo, of: $0.namespace, from: namespace) }
        let found = seen.compactMap { entry in MeshHost.specificity(of: entry.hosts, for: host).map { (entry, $0) } }
        let best = found.map(\.1).max()
        return found.filter { $0.1 == best }.map(\.0).sorted { $0.reference < $1.reference }
    }

    /// A route of the Gateway API that is attached to one of the entries.
    func route(of entries: [ServiceEntry]) -> ObjectReference? {
        let wanted = Set(entries.map(\.reference))
        return mesh.entryRoutes.filter { !$0.entries.isDisjoint(with: wanted) }.map(\.reference).min()
    }

    /// Entries that say that the address is theirs.
    func serviceEntries(at address: IPAddress, from namespace: String) -> [ServiceEntry] {
        mesh.serviceEntries.filter { entry in
            MeshHost.isVisible(entry.exportTo, of: entry.namespace, from: namespace)
                && entry.addresses.contains { $0.contains(address) && $0.length > 0 }
        }.sorted { $0.reference < $1.reference }
    }
}
