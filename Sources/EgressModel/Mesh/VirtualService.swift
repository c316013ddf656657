/// Istio's `VirtualService`: where the proxies of a mesh send what is meant for some hosts.
public struct VirtualService: Sendable, Hashable {
    /// What `gateways` calls all sidecars.
    public static let meshGateway = "mesh"

    public var metadata: ObjectMetadata
    public var hosts: [String]
    /// `mesh` where the object names none.
    public var gateways: [String]
    /// Namespaces that see it, `.` its own, `*` all; empty: all.
    public var exportTo: [String]
    /// In the object's order within each kind.
    public var routes: [Route]

    public var namespace: String { metadata.namespace ?? "default" }
    public var reference: ObjectReference { ObjectReference(kind: "VirtualService", namespace: namespace, name: metadata.name) }

    public init(
        metadata: ObjectMetadata, hosts: [String], gateways: [String] = [], exportTo: [String] = [], routes: [Route] = []
    ) {
        self.metadata = metadata
        self.hosts = hosts
        self.gateways = gateways.isEmpty ? [Self.meshGateway] : gateways
        self.exportTo = exportTo
        self.routes = routes
    }
}

extension VirtualService {
    public struct Route: Sendable, Hashable {
        public enum Kind: String, Sendable, Hashable {
            case http
            case tls
            case tcp
        }

        public var kind: Kind
        /// One of them is enough; none: everything matches.
        public var matches: [Match]
        public var destinations: [Destination]
        /// What it does instead of, or beside, sending to destinations, such as `redirect`: not evaluated.
        public var others: [String]

        public init(_ kind: Kind, matches: [Match] = [], destinations: [Destination] = [], others: [String] = []) {
            self.kind = kind
            self.matches = matches
            self.destinations = destinations
            self.others = others
        }
    }

    /// All that it says must hold.
    public struct Match: Sendable, Hashable {
        /// Instead of the object's own; `nil`: not said.
        public var gateways: [String]?
        public var port: UInt16?
        public var sniHosts: [String]
        public var destinationSubnets: [IPPrefix]
        public var sourceLabels: Labels
        public var sourceNamespace: String?
        /// Fields that ask about the request, such as `uri`: whether they hold can't be said here.
        public var others: [String]

        public init(
            gateways: [String]? = nil, port: UInt16? = nil, sniHosts: [String] = [], destinationSubnets: [IPPrefix] = [],
            sourceLabels: Labels = [:], sourceNamespace: String? = nil, others: [String] = []
        ) {
            self.gateways = gateways
            self.port = port
            self.sniHosts = sniHosts
            self.destinationSubnets = destinationSubnets
            self.sourceLabels = sourceLabels
            self.sourceNamespace = sourceNamespace
            self.others = others
        }
    }

    public struct Destination: Sendable, Hashable {
        public var host: String
        public var port: UInt16?
        /// Pods of the host's by a DestinationRule, which isn't read.
        public var subset: String?
        /// Of the route's sum; `nil` where it isn't said.
        public var weight: Int?

        public init(host: String, port: UInt16? = nil, subset: String? = nil, weight: Int? = nil) {
            self.host = host
            self.port = port
            self.subset = subset
            self.weight = weight
        }
    }
}
