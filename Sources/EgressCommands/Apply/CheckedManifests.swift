import EgressModel
import EgressPorts
import JSONText
import KubeObjects

/// Manifests that may be applied, every one understood; and what else a user should hear of them.
struct CheckedManifests: Sendable {
    struct Item: Sendable {
        var manifest: Manifest
        /// The policy, when it is one.
        var policy: EgressGatewayPolicy?
    }

    var items: [Item]
    var warnings: [Finding]

    /// Throws all errors of all documents at once; then nothing may be applied.
    init(_ reading: KubeReading) throws(CommandError) {
        var findings = reading.findings
        items = []
        for document in reading.documents {
            let (object, found) = document.decoded()
            findings += found
            var item = Item(
                manifest: Manifest(
                    object: document.reference, apiVersion: document.apiVersion, json: document.json.text(sorted: true),
                    place: document.place))
            if case .policy(let policy) = object { item.policy = policy.policy }
            items.append(item)
        }
        let errors = findings.filter { $0.severity == .error }
        guard errors.isEmpty else { throw Self.rejection(errors) }
        warnings = findings.filter { $0.severity == .warning }
        guard !items.isEmpty else { throw CommandError("no objects passed to apply") }
    }

    private static func rejection(_ errors: [Finding]) -> CommandError {
        let lines = errors.sorted(by: byPlace).flatMap { manifestLines($0, as: "error") }
        return CommandError(lines: lines + ["error: nothing was applied: \(counted(errors.count, "error", "errors"))"])
    }

    private static func byPlace(_ a: Finding, _ b: Finding) -> Bool {
        guard let left = a.place, let right = b.place else { return a < b }
        return (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

extension ObjectReference {
    /// As kubectl prints what it applied: `ciliumegressgatewaypolicy.cilium.io/egress-sample`.
    func resourceName(apiVersion: String) -> String {
        let group = apiVersion.contains("/") ? "." + apiVersion.prefix { $0 != "/" } : ""
        return "\(kind.lowercased())\(group)/\(name)"
    }
}
