import EgressModel
import KubeObjects

/// What a command prints of a finding, in one line; golden texts in the tests are of this form.
func line(_ finding: Finding) -> String {
    var text = "\(finding.severity.rawValue) \(finding.code)"
    if let place = finding.place { text += " \(place)" }
    if let object = finding.object { text += " \(object)" }
    if let field = finding.field { text += " \(field)" }
    text += ": \(finding.message)"
    if let hint = finding.hint { text += " (\(hint))" }
    return text
}

/// A policy that is right but for what the caller puts in.
func policyText(
    selectors: String = "[{podSelector: {}}]", destinations: String = "[\"0.0.0.0/0\"]", gateway: String = "{nodeSelector: {}}",
    annotations: String = "{}", more: String = ""
) -> String {
    """
    apiVersion: cilium.io/v2
    kind: CiliumEgressGatewayPolicy
    metadata:
      name: p
      annotations: \(annotations)
    spec:
      selectors: \(selectors)
      destinationCIDRs: \(destinations)
      egressGateway: \(gateway)
    \(more)
    """
}

/// The one policy of a text.
func policyObject(_ text: String) -> PolicyObject? {
    let snapshot = clusterSnapshot(from: KubeReading(text, file: "p.yaml"))
    return snapshot.policies.first
}

func lines(_ text: String) -> [String] {
    policyObject(text)?.findings.map(line) ?? clusterSnapshot(from: KubeReading(text, file: "p.yaml")).findings.map(line)
}
