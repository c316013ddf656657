import EgressModel

/// Names of hosts as Istio writes them.
enum MeshHost {
    /// Whether a host is meant by `pattern`: the same, or one that `*.example.com` or `*` holds. Capitals don't count.
    static func matches(_ host: String, _ pattern: String) -> Bool {
        let (host, pattern) = (host.lowercased(), pattern.lowercased())
        guard pattern.hasPrefix("*") else { return host == pattern }
        return host.hasSuffix(pattern.dropFirst()) && host.count >= pattern.count
    }

    /// The most specific pattern that means the host: the host itself, else the longest.
    static func specificity(of patterns: [String], for host: String) -> Int? {
        patterns.filter { matches(host, $0) }.map { $0.hasPrefix("*") ? $0.count : Int.max }.max()
    }

    /// A name without dots is a service of the object's own namespace.
    static func full(_ host: String, in namespace: String) -> String {
        host.contains(".") ? host : "\(host).\(namespace).svc.cluster.local"
    }

    /// The service that `NAME.NAMESPACE.svc…` names; `nil` for every other host.
    static func service(_ host: String) -> (namespace: String, name: String)? {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts[2] == "svc" else { return nil }
        return (parts[1], parts[0])
    }

    /// Whether an object that says `exportTo` is seen from a namespace.
    static func isVisible(_ exportTo: [String], of namespace: String, from other: String) -> Bool {
        exportTo.isEmpty || exportTo.contains { $0 == "*" || $0 == other || ($0 == "." && namespace == other) }
    }
}
