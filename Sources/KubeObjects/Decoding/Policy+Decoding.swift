import EgressModel
import JSONText

extension ObjectChecker {
    /// Reads a `CiliumEgressGatewayPolicy`. Any invalid field rejects the whole policy.
    mutating func policy() -> PolicyObject {
        warnOfUnknown(in: root, known: ["apiVersion", "kind", "metadata", "spec", "status"])
        let metadata = metadata()
        let annotations = policyAnnotations(metadata.annotations)
        let spec = requiredMember("spec", of: root)
        warnOfUnknown(
            in: spec, known: ["selectors", "destinationCIDRs", "excludedCIDRs", "egressGateway", "egressGateways"],
            hints: Self.inventedFields)
        let selectors = rules(spec)
        let destinations = destinations(spec)
        let excluded = prefixes(member("excludedCIDRs", of: spec))
        let gateways = gateways(spec)
        guard !hasErrors else { return PolicyObject(metadata: metadata, policy: nil, findings: findings.sorted()) }
        let policy = EgressGatewayPolicy(
            metadata: metadata, selectors: selectors, destinationCIDRs: destinations, excludedCIDRs: excluded, gateways: gateways,
            strategy: annotations.strategy, priority: annotations.priority,
            onNoGateway: annotations.onNoGateway)
        return PolicyObject(metadata: metadata, policy: policy, findings: findings.sorted(), gatewayForm: gatewayForm(spec))
    }

    /// Fields of other products, or of nobody's, that people paste; by their lower-case name.
    static let inventedFields = [
        "ippools":
            "there are no pools here: name one address as egressGateway.egressIP, or use the annotation \(EgressAnnotation.strategy)",
        "ippool": "there are no pools here: name one address as egressGateway.egressIP, or use the annotation \(EgressAnnotation.strategy)",
        "egressips": "one address goes to egressGateway.egressIP; for several, one entry of egressGateways each",
        "egressip": "belongs into egressGateway",
        "interface": "belongs into egressGateway",
        "egresscidrs": "name one address as egressGateway.egressIP, or use the annotation \(EgressAnnotation.strategy)",
        "egressgroups": "write one entry of egressGateways for each group",
        "egress": "destinations go to destinationCIDRs",
        "gateways": "did you mean egressGateways?",
        "podselector": "belongs into an entry of selectors",
        "namespaceselector": "belongs into an entry of selectors",
        "nodeselector": "belongs into an entry of selectors (the pod's node) or into egressGateway (the gateway)",
        "azaffinity": "not supported; choose the gateways of a zone by egressGateways[].nodeSelector",
        "maxgatewaynodes": "not supported; one node is chosen for each entry of egressGateways",
        "destinationfqdns": "only addresses can be destinations: destinationCIDRs",
        "tofqdns": "only addresses can be destinations: destinationCIDRs",
    ]

    private mutating func rules(_ spec: JSONReader?) -> [EgressSelector] {
        var selectors: [EgressSelector] = []
        for rule in elements(requiredMember("selectors", of: spec, hint: "a list of rules, each with a podSelector or a namespaceSelector"))
        {
            warnOfUnknown(
                in: rule, known: ["podSelector", "namespaceSelector", "nodeSelector"],
                hints: ["matchlabels": "belongs into podSelector", "matchexpressions": "belongs into podSelector"])
            let pods = member("podSelector", of: rule)
            let namespaces = member("namespaceSelector", of: rule)
            if pods == nil, namespaces == nil, case .object = rule.value {
                report(
                    .error, .ruleWithoutSelector, rule.path, "has neither podSelector nor namespaceSelector",
                    hint: "to select every pod, write podSelector: {}")
            }
            selectors.append(
                EgressSelector(
                    podSelector: selector(pods, stripsSource: true), namespaceSelector: selector(namespaces, stripsSource: true),
                    nodeSelector: selector(member("nodeSelector", of: rule), stripsSource: false)
                ).askingNamespaces())
        }
        return selectors
    }

    private mutating func destinations(_ spec: JSONReader?) -> [IPPrefix] {
        guard let list = requiredMember("destinationCIDRs", of: spec, hint: "for every destination, write \"0.0.0.0/0\" and \"::/0\"")
        else { return [] }
        if list.value == [] {
            report(
                .warning, .emptyDestinations, list.path, "is empty: the policy claims nothing",
                hint: "for every destination, write \"0.0.0.0/0\" and \"::/0\"")
        }
        return prefixes(list)
    }

    /// Masked, duplicates removed.
    private mutating func prefixes(_ list: JSONReader?) -> [IPPrefix] {
        var prefixes: [IPPrefix] = []
        var seen: Set<IPPrefix> = []
        for element in elements(list) {
            guard let prefix = prefix(element), seen.insert(prefix).inserted else { continue }
            prefixes.append(prefix)
        }
        return prefixes
    }

    private mutating func prefix(_ reader: JSONReader) -> IPPrefix? {
        guard let text = string(reader) else { return nil }
        guard let prefix = IPPrefix(text) else {
            let (message, hint) = Self.whyNotPrefix(text)
            report(.error, .invalidCIDR, reader.path, message, hint: hint)
            return nil
        }
        if let written = IPAddress(String(text.prefix { $0 != "/" })), written != prefix.address {
            report(.warning, .hostBitsMasked, reader.path, "\"\(text)\" has host bits set; \(prefix) is used", hint: "write \"\(prefix)\"")
        }
        return prefix
    }

    private static func whyNotPrefix(_ text: String) -> (message: String, hint: String?) {
        if let address = IPAddress(text) {
            return ("\"\(text)\" is an address, not a CIDR", "write \"\(IPPrefix(host: address))\" for this address alone")
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let address = IPAddress(String(parts[0])) {
            return ("\"\(text)\" is not a CIDR: the length goes from 0 to \(address.family.bitWidth)", nil)
        }
        if text.contains(where: \.isLetter), !text.contains(":") {
            return ("\"\(text)\" is not a CIDR", "only addresses can be destinations, names can't")
        }
        return ("\"\(text)\" is not a CIDR", "such as \"203.0.113.0/24\" or \"2001:db8::/32\"")
    }
}
