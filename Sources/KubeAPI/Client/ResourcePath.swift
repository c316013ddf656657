/// A path of the Kubernetes API: a collection, one object of it, or a part of that.
struct ResourcePath: Sendable, Hashable {
    /// Empty for the core group.
    var group: String
    var version: String
    /// The plural in the path: `pods`.
    var resource: String
    var namespace: String?
    var name: String?
    var subresource: String?

    init(_ group: String, _ version: String, _ resource: String, namespace: String? = nil, name: String? = nil, subresource: String? = nil)
    {
        self.group = group
        self.version = version
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
    }

    func named(_ name: String, subresource: String? = nil) -> ResourcePath {
        var path = self
        path.name = name
        path.subresource = subresource
        return path
    }

    func inside(_ namespace: String?) -> ResourcePath {
        var path = self
        path.namespace = namespace
        return path
    }

    /// `/api/v1/namespaces/default/pods/web-0/status`, every part percent-encoded.
    var path: String {
        var parts = group.isEmpty ? ["api", version] : ["apis", group, version]
        if let namespace { parts += ["namespaces", namespace] }
        parts.append(resource)
        parts += [name, subresource].compactMap { $0 }
        return parts.map { "/" + percentEncoded($0) }.joined()
    }

    /// `ciliumegressgatewaypolicies.cilium.io`, as kubectl's errors name it.
    var fullResource: String { group.isEmpty ? resource : "\(resource).\(group)" }
}

/// RFC 3986: everything but unreserved characters.
func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            String(Unicode.Scalar(byte))
        default:
            "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }.joined()
}

extension ResourcePath {
    static let nodes = ResourcePath("", "v1", "nodes")
    static let namespaces = ResourcePath("", "v1", "namespaces")
    static let pods = ResourcePath("", "v1", "pods")
    static let services = ResourcePath("", "v1", "services")
    static let configMaps = ResourcePath("", "v1", "configmaps")
    static let secrets = ResourcePath("", "v1", "secrets")
    static let policies = ResourcePath("cilium.io", "v2", "ciliumegressgatewaypolicies")
    static let egressNodes = ResourcePath("kubectl-egress.dev", "v1alpha1", "egressnodes")
    static let leases = ResourcePath("coordination.k8s.io", "v1", "leases")
    static let events = ResourcePath("events.k8s.io", "v1", "events")
    static let definitions = ResourcePath("apiextensions.k8s.io", "v1", "customresourcedefinitions")
}
