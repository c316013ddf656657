import EgressModel

/// What of a pod's connections its Istio sidecar gets to see: all of TCP, but for what annotations of the pod say.
struct SidecarCapture {
    private let annotations: [String: String]

    init(_ pod: Pod) { annotations = pod.metadata.annotations }

    private func values(_ name: String) -> [String]? {
        annotations[MeshSidecar.annotationPrefix + name].map { text in
            text.split(separator: ",").map { $0.split(separator: " ").joined() }.filter { !$0.isEmpty }
        }
    }

    /// Why a connection goes past the proxy; `nil`: it doesn't.
    func exception(_ destination: Destination) -> String? {
        if let transport = destination.transport, transport != "tcp" {
            return "istio-proxy takes TCP alone: \(transport) leaves past it, from the pod's own address"
        }
        func past(_ name: String) -> String {
            "annotation \(MeshSidecar.annotationPrefix)\(name) takes it past istio-proxy: it leaves from the pod's own address"
        }
        if let port = destination.port {
            if values("excludeOutboundPorts")?.contains(String(port)) == true { return past("excludeOutboundPorts") }
            if values("includeOutboundPorts")?.contains(where: { $0 == "*" || $0 == String(port) }) == true { return nil }
        }
        if holds("excludeOutboundIPRanges", destination.address) == true { return past("excludeOutboundIPRanges") }
        if holds("includeOutboundIPRanges", destination.address) == false { return past("includeOutboundIPRanges") }
        return nil
    }

    /// Whether one of the ranges holds the address; `nil`: there is no such annotation.
    private func holds(_ name: String, _ address: IPAddress) -> Bool? {
        values(name).map { ranges in ranges.contains { $0 == "*" || IPPrefix($0)?.contains(address) == true } }
    }
}
