import EgressModel
import JSONText

extension ObjectChecker {
    private static let specLimit = 256

    /// `spec` and each of `specs` of a `CiliumNetworkPolicy` or `CiliumClusterwideNetworkPolicy` (`cilium.io/v2`).
    mutating func ciliumParts(_ kind: NetworkPolicyObject.Kind) -> [NetworkPolicyPart] {
        var readers = [member("spec", of: root)].compactMap(\.self)
        if let list = member("specs", of: root) {
            readers += elements(list)
            if readers.count > Self.specLimit {
                report(.error, .fieldType, list.path, "has more than \(Self.specLimit) entries")
                return []
            }
        }
        if readers.isEmpty { report(.error, .fieldMissing, JSONPath([.key("spec")]), "is missing", hint: "spec or specs") }
        var parts: [NetworkPolicyPart] = []
        for reader in readers { parts.append(ciliumPart(reader, kind)) }
        return parts
    }

    private mutating func ciliumPart(_ spec: JSONReader, _ kind: NetworkPolicyObject.Kind) -> NetworkPolicyPart {
        warnOfUnknown(
            in: spec,
            known: [
                "endpointSelector", "nodeSelector", "egress", "egressDeny", "ingress", "ingressDeny", "enableDefaultDeny", "description",
                "labels", "log",
            ])
        let allowed = elements(member("egress", of: spec))
        let denied = elements(member("egressDeny", of: spec))
        let asked = bool(member("egress", of: member("enableDefaultDeny", of: spec)))
        var part = NetworkPolicyPart(
            path: spec.path.description, subject: ciliumSubject(spec, kind), isolates: asked ?? !(allowed.isEmpty && denied.isEmpty))
        for reader in allowed { part.allowed.append(ciliumRule(reader, denies: false)) }
        for reader in denied { part.denied.append(ciliumRule(reader, denies: true)) }
        return part
    }

    private mutating func ciliumSubject(_ spec: JSONReader, _ kind: NetworkPolicyObject.Kind) -> NetworkPolicyPart.Subject {
        let endpoints = member("endpointSelector", of: spec)
        let nodes = member("nodeSelector", of: spec)
        switch (endpoints, nodes) {
        case (let endpoints?, nil):
            switch endpointSelector(endpoints) {
            case .endpoints(let selector)?: return .pods(selector)
            case .unjudged(let text, _)?: return .unjudged(text)
            default: break
            }
        case (nil, let nodes?):
            if kind == .cilium {
                report(
                    .error, .fieldType, nodes.path, "is for CiliumClusterwideNetworkPolicy alone", hint: "write endpointSelector",
                    atKey: true)
            }
            return .nodes(selector(nodes, stripsSource: true) ?? LabelSelector())
        case (_?, let nodes?):
            report(.error, .fieldType, nodes.path, "excludes endpointSelector", hint: "write two policies", atKey: true)
        case (nil, nil):
            report(
                .error, .fieldMissing, spec.path.appending("endpointSelector"), "is missing", hint: "{} selects every pod it may select")
        }
        return .unjudged("endpointSelector")
    }

    /// A selector over labels of Kubernetes; ``NetworkPeer/Match/unjudged(_:outsideOnly:)`` where it asks for labels of another source.
    mutating func endpointSelector(_ reader: JSONReader) -> NetworkPeer.Match? {
        let keys =
            (reader.value["matchLabels"]?.objectValue?.keys ?? [])
            + (reader.value["matchExpressions"]?.arrayValue ?? []).compactMap { $0["key"]?.stringValue }
        if let foreign = keys.first(where: Self.hasForeignSource) { return .unjudged("labels such as \(foreign)", outsideOnly: false) }
        return selector(reader, stripsSource: true).map { .endpoints($0) }
    }

    /// `reserved:host`, `container:name`.
    private static func hasForeignSource(_ key: String) -> Bool {
        guard let colon = key.firstIndex(of: ":") else { return false }
        return !["k8s", "any"].contains(key[..<colon])
    }
}
