import EgressModel

extension CodeAdvice {
    /// EG2: manifests, fields, selection, overlaps.
    static let policies = [
        CodeAdvice(
            .notAManifest, "not a manifest", cause: "The text is no YAML or JSON of Kubernetes objects.",
            confirm: "The message has file, line and column.", fix: "Correct the text at that place."),
        CodeAdvice(
            .fieldMissing, "a field is missing", cause: "A field that must be there isn't.",
            confirm: "The message has the object and the field's path.", fix: "Add the field."),
        CodeAdvice(
            .fieldType, "a field has the wrong type", cause: "A text where a list belongs, a number where a text belongs, and such.",
            confirm: "kubectl explain ciliumegressgatewaypolicies.spec --recursive shows the types.", fix: "Write it as the hint says."),
        CodeAdvice(
            .invalidCIDR, "not a CIDR", cause: "A destination or exclusion is no address with a prefix length.",
            confirm: "The message has the text.", fix: "Write 203.0.113.0/24, or 203.0.113.10/32 for one address."),
        CodeAdvice(
            .invalidAddress, "not an address", cause: "The text is no IPv4 or IPv6 address.", confirm: "The message has the text.",
            fix: "Write 198.51.100.100, without a prefix length."),
        CodeAdvice(
            .addressAndInterface, "egressIP and interface together",
            cause: "A gateway entry says both, and only one can choose the address.", confirm: "The message has the entry's path.",
            fix: "Remove one of them."),
        CodeAdvice(
            .unknownField, "there is no such field", cause: "A misspelt or invented field would be silently without effect.",
            confirm: "The message has its path, and the name that was perhaps meant.", fix: "Correct or remove it."),
        CodeAdvice(
            .hostBitsMasked, "bits behind the prefix length", cause: "203.0.113.7/24 is read as 203.0.113.0/24, as Cilium does.",
            confirm: "The message has both.", fix: "Write what is meant: the network, or the address with /32."),
        CodeAdvice(
            .invalidSelector, "not a selector",
            cause: "A key, value or operator isn't one that Kubernetes knows, or values are missing or too many for the operator.",
            confirm: "The message has the path.", fix: "Operators are In, NotIn, Exists and DoesNotExist; only the first two take values."),
        CodeAdvice(
            .ruleWithoutSelector, "a rule without a selector",
            cause:
                "An entry of spec.selectors has neither podSelector nor namespaceSelector: whether it means every pod or none would "
                + "be a guess.",
            confirm: "The message has the entry's path.", fix: "Write podSelector: {} for every pod, or remove the entry."),
        CodeAdvice(
            .invalidAnnotation, "an annotation that can't be read",
            cause: "An annotation under kubectl-egress.dev/ has a value that isn't one of its kind.", confirm: "The message has its key.",
            fix: "Correct it as the hint says; without it the default counts."),
        CodeAdvice(
            .emptyDestinations, "no destinations", cause: "spec.destinationCIDRs is empty, so the policy claims nothing.",
            confirm: "kubectl get ciliumegressgatewaypolicies NAME -o yaml.", fix: "Add destinations; 0.0.0.0/0 is everything outside."),
        CodeAdvice(
            .overlapLost, "another policy decides",
            cause: "Two policies select the same pods with the same prefix; one wins by priority, age or name.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS shows both and what decided.",
            fix: "Give one a narrower prefix or selector, or raise kubectl-egress.dev/priority."),
        CodeAdvice(
            .selectsNothing, "selects no pod", cause: "No pod has the labels that the policy wants, in the namespaces that it wants.",
            confirm: "kubectl get pods -A -l KEY=VALUE.", fix: "Nothing, if the pods are still to come; else correct selector or labels."),
        CodeAdvice(
            .unknownKind, "a kind or version that isn't known", cause: "The object's apiVersion and kind are none that egress reads.",
            confirm: "The message names apiVersion and kind.", fix: "Correct them: a policy is CiliumEgressGatewayPolicy of cilium.io/v2."),
        CodeAdvice(
            .gatewayIgnored, "egressGateway is ignored",
            cause: "spec.egressGateways has entries, and then spec.egressGateway doesn't count.",
            confirm: "The message has the path.", fix: "Remove spec.egressGateway, or move it into the list."),
        CodeAdvice(
            .exclusionWithoutEffect, "an exclusion without effect", cause: "It lies in no destination of its own policy.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS.", fix: "Remove it, unless it is to count against other policies."),
        CodeAdvice(
            .duplicateObject, "described twice", cause: "The same object is in the manifests twice; the last one counts.",
            confirm: "The message has both places.", fix: "Remove one of them."),
        CodeAdvice(
            .lastGoodInForce, "an older generation stays in force",
            cause: "The policy was changed to something invalid; nodes keep its last valid version.",
            confirm: "kubectl egress status shows the errors of the new one.", fix: "Correct what they name, and apply it again."),
        CodeAdvice(
            .notSelected, "not selected", cause: "The policy's selectors don't match the pod.",
            confirm: "kubectl egress explain pod NAME says which label or namespace decided.",
            fix: "If they should: give the pod what explain says it would need."),
        CodeAdvice(
            .inClusterKept, "what a policy's destinations hold and doesn't steer",
            cause:
                "The destinations hold cluster DNS, the API server or a metadata address of a cloud. Pods couldn't do without the first two, "
                + "and through a gateway a metadata address would be the gateway's own: they stay direct, whatever a policy says.",
            confirm: "kubectl egress explain pod NAME --to ADDRESS says that it is inside the cluster."),
    ]
}
