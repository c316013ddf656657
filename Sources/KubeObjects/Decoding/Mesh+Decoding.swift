import EgressModel
import JSONText

/// Kinds of service meshes and gateways that are read.
public enum MeshSource: Sendable, Hashable, CaseIterable {
    case gateway
    case istioGateway
    case serviceEntry
    case virtualService
    case httpRoute
    case grpcRoute
    case tlsRoute
    case tcpRoute

    /// Newest first; the first that is served counts.
    public var apiVersions: [String] {
        switch self {
        case .gateway: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"]
        case .httpRoute, .grpcRoute: ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1"]
        case .tlsRoute, .tcpRoute:
            ["gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1alpha3", "gateway.networking.k8s.io/v1alpha2"]
        case .istioGateway, .serviceEntry, .virtualService:
            ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"]
        }
    }

    public var kind: String {
        switch self {
        case .gateway, .istioGateway: "Gateway"
        case .serviceEntry: "ServiceEntry"
        case .virtualService: "VirtualService"
        case .httpRoute: "HTTPRoute"
        case .grpcRoute: "GRPCRoute"
        case .tlsRoute: "TLSRoute"
        case .tcpRoute: "TCPRoute"
        }
    }

    public var resource: String {
        switch self {
        case .gateway, .istioGateway: "gateways"
        case .serviceEntry: "serviceentries"
        case .virtualService: "virtualservices"
        case .httpRoute, .grpcRoute, .tlsRoute, .tcpRoute: kind.lowercased() + "s"
        }
    }

    /// `nil` for every other object.
    public init?(apiVersion: String, kind: String) {
        guard let found = Self.allCases.first(where: { $0.kind == kind && $0.apiVersions.contains(apiVersion) }) else { return nil }
        self = found
    }
}

/// Nothing in these is a reason to refuse anything: what of them isn't understood is left out, and said where it matters.
extension KubeDocument {
    func meshObject(_ source: MeshSource) -> MeshObject {
        var checker = ObjectChecker(self)
        var metadata = checker.metadata()
        metadata.namespace = metadata.namespace ?? "default"
        metadata.annotations = [:]
        let spec = json["spec"]
        switch source {
        case .gateway:
            let addresses = (json["status"]?["addresses"]?.arrayValue ?? []).compactMap { $0["value"]?.stringValue }
            return .gateway(
                GatewayObject(
                    api: .gatewayAPI, metadata: metadata, className: spec?["gatewayClassName"]?.stringValue,
                    addresses: addresses.compactMap { IPAddress($0) }, hostNames: addresses.filter { IPAddress($0) == nil }))
        case .istioGateway: return .gateway(GatewayObject(api: .istio, metadata: metadata, selector: labels(spec?["selector"])))
        case .serviceEntry: return .serviceEntry(ServiceEntry(metadata, spec))
        case .virtualService: return .virtualService(VirtualService(metadata, spec))
        case .httpRoute, .grpcRoute, .tlsRoute, .tcpRoute:
            let own = metadata.namespace ?? "default"
            let entries = (spec?["parentRefs"]?.arrayValue ?? []).compactMap { parent -> ObjectReference? in
                guard parent["kind"] == "ServiceEntry", let name = parent["name"]?.stringValue else { return nil }
                return ObjectReference(kind: "ServiceEntry", namespace: parent["namespace"]?.stringValue ?? own, name: name)
            }
            let reference = ObjectReference(kind: kind, namespace: own, name: metadata.name)
            return .entryRoute(EntryRoute(reference: reference, entries: Set(entries)))
        }
    }
}

extension ServiceEntry {
    fileprivate init(_ metadata: ObjectMetadata, _ spec: JSONValue?) {
        self.init(
            metadata: metadata, hosts: strings(spec?["hosts"]), addresses: strings(spec?["addresses"]).compactMap(prefix),
            ports: (spec?["ports"]?.arrayValue ?? []).compactMap { port in
                UInt16(port["number"]).map { Port(number: $0, transport: port["protocol"]?.stringValue?.uppercased() ?? "") }
            },
            exportTo: strings(spec?["exportTo"]))
        keepsAddress = (spec?["resolution"]?.stringValue ?? "NONE") == "NONE"
    }
}

extension VirtualService {
    fileprivate init(_ metadata: ObjectMetadata, _ spec: JSONValue?) {
        let routes = [Route.Kind.http, .tls, .tcp].flatMap { kind in
            (spec?[kind.rawValue]?.arrayValue ?? []).map { Route(kind, $0) }
        }
        self.init(
            metadata: metadata, hosts: strings(spec?["hosts"]), gateways: strings(spec?["gateways"]), exportTo: strings(spec?["exportTo"]),
            routes: routes)
    }
}

extension VirtualService.Route {
    /// Members that change neither the pod nor the address that a request goes to.
    private static let harmless: Set<String> = [
        "name", "match", "route", "timeout", "retries", "fault", "mirror", "mirrorPercentage", "mirrors", "corsPolicy", "headers",
    ]

    fileprivate init(_ kind: Kind, _ json: JSONValue) {
        let destinations = (json["route"]?.arrayValue ?? []).compactMap { entry -> VirtualService.Destination? in
            guard let destination = entry["destination"], let host = destination["host"]?.stringValue else { return nil }
            return VirtualService.Destination(
                host: host, port: UInt16(destination["port"]?["number"]), subset: destination["subset"]?.stringValue,
                weight: entry["weight"]?.integerValue(as: Int.self))
        }
        self.init(
            kind, matches: (json["match"]?.arrayValue ?? []).map { VirtualService.Match($0) }, destinations: destinations,
            others: (json.objectValue?.keys ?? []).filter { !Self.harmless.contains($0) }.sorted())
    }
}

extension VirtualService.Match {
    private static let known: Set<String> = [
        "name", "gateways", "port", "sniHosts", "destinationSubnets", "sourceLabels", "sourceNamespace", "statPrefix",
    ]

    fileprivate init(_ json: JSONValue) {
        self.init(
            gateways: json["gateways"]?.arrayValue.map { _ in strings(json["gateways"]) }, port: UInt16(json["port"]),
            sniHosts: strings(json["sniHosts"]), destinationSubnets: strings(json["destinationSubnets"]).compactMap(prefix),
            sourceLabels: labels(json["sourceLabels"]), sourceNamespace: json["sourceNamespace"]?.stringValue,
            others: (json.objectValue?.keys ?? []).filter { !Self.known.contains($0) }.sorted())
    }
}

private func strings(_ json: JSONValue?) -> [String] { (json?.arrayValue ?? []).compactMap(\.stringValue) }

private func labels(_ json: JSONValue?) -> Labels {
    Labels((json?.objectValue?.members ?? []).compactMap { member in member.value.stringValue.map { (member.key, $0) } }) { $1 }
}

/// An address is a prefix of its whole width.
private func prefix(_ text: String) -> IPPrefix? { IPPrefix(text) ?? IPAddress(text).map { IPPrefix(host: $0) } }
