import EgressModel
import JSONText

extension ObjectChecker {
    /// Reads a `CiliumEgressGatewayPolicy`. Any invalid field rejects the whole policy.
    mutating func policy() -> PolicyObject {
        warnOfUnknown(in: root, known: ["apiVersion", "kind", "metadata", "spec", "status"])
        let metadata = metadata()
        checkPolicyMetadata(member("metadata", of: root))
        let annotations = policyAnnotations(metadata.annotations)
        let spec = requiredMember("spec", of: root)
        warnOfUnknown(
            in: spec, known: ["selectors", "destinationCIDRs", "excludedCIDRs", "egressGateway", "egressGateways"],
            pasted: PastedField.inSpec)
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

    private mutating func rules(_ spec: JSONReader?) -> [EgressSelector] {
        var selectors: [EgressSelector] = []
        let list = requiredMember("selectors", of: spec, hint: "a list of rules, each with a podSelector or a namespaceSelector")
        if let list, list.value == [] {
            report(
                .warning, .selectsNothing, list.path, "is empty: the policy selects no pod", hint: "for every pod, write - podSelector: {}")
        }
        for rule in elements(list) {
            warnOfUnknown(
                in: rule, known: ["podSelector", "namespaceSelector", "nodeSelector"],
                pasted: PastedField.inRule)
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
}
