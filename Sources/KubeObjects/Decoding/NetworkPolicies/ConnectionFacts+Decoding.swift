import EgressModel
import JSONText

extension ObjectChecker {
    /// What the document adds to what is known of connections. A policy's findings are inside the policy.
    mutating func connectionFacts(_ kind: ConnectionDocument) -> NetworkPolicyFacts {
        switch kind {
        case .policy(let kind):
            return NetworkPolicyFacts(policies: [networkPolicy(kind)])
        case .otherVersion(let kind, let apiVersion):
            report(
                .error, .unknownKind, JSONPath([.key("apiVersion")]), "\(kind.rawValue) of version \"\(document.apiVersion)\" is not read",
                hint: "write apiVersion: \(apiVersion)")
            let metadata = metadata()
            return NetworkPolicyFacts(policies: [understood(kind, metadata, nil)])
        case .foreign:
            let group = KnownKind.group(of: document.apiVersion)
            return NetworkPolicyFacts(notEvaluated: [ForeignNetworkPolicy(group: group, reference: document.reference)])
        case .names:
            return names()
        }
    }

    private mutating func networkPolicy(_ kind: NetworkPolicyObject.Kind) -> NetworkPolicyObject {
        warnOfUnknown(in: root, known: ["apiVersion", "kind", "metadata", "spec", "specs", "status"])
        let metadata = metadata()
        let parts = kind == .kubernetes ? [kubernetesPart()] : ciliumParts(kind)
        return understood(kind, metadata, parts)
    }

    /// Without its parts where anything of them is wrong, or is a field that nobody here knows: half a policy would say something else.
    private func understood(
        _ kind: NetworkPolicyObject.Kind, _ metadata: ObjectMetadata, _ parts: [NetworkPolicyPart]?
    ) -> NetworkPolicyObject {
        var metadata = metadata
        metadata.annotations = [:]
        let isWhole = !hasErrors && !findings.contains { $0.code == .unknownField && ($0.field?.hasPrefix("spec") ?? false) }
        return NetworkPolicyObject(kind: kind, metadata: metadata, parts: isWhole ? parts : nil, findings: findings.sorted())
    }

    /// `names: [{name: api.example.org, addresses: [192.0.2.7]}]`, and whether these are all (`complete: true`).
    private mutating func names() -> NetworkPolicyFacts {
        warnOfUnknown(in: root, known: ["apiVersion", "kind", "metadata", "names", "complete"])
        var facts = NetworkPolicyFacts(hasEveryName: bool(member("complete", of: root)) ?? false)
        for entry in elements(requiredMember("names", of: root)) {
            warnOfUnknown(in: entry, known: ["name", "addresses"])
            guard let name = string(requiredMember("name", of: entry)) else { continue }
            var addresses: [IPAddress] = []
            for reader in elements(requiredMember("addresses", of: entry)) {
                if let address = address(reader) { addresses.append(address) }
            }
            facts.names.append(NamedAddresses(name: name, addresses: addresses, source: document.reference.description))
        }
        // What is said by halves is not all.
        if hasErrors { facts.hasEveryName = false }
        return facts
    }
}
