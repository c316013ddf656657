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
    ///
    /// - Parameter use: what becomes of them, for what an error says.
    init(_ reading: KubeReading, for use: Use = .apply) throws(CommandError) {
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
        guard errors.isEmpty else { throw Self.rejection(errors, use) }
        warnings = findings.filter { $0.severity == .warning }
        guard !items.isEmpty else { throw CommandError("no objects passed to \(use.verb)") }
    }

    /// What manifests are read for.
    enum Use {
        case apply
        case diff
        case whatIf

        var verb: String {
            switch self {
            case .apply: "apply"
            case .diff: "diff"
            case .whatIf: "--what-if"
            }
        }

        fileprivate var participle: String {
            switch self {
            case .apply: "applied"
            case .diff: "compared"
            case .whatIf: "supposed"
            }
        }
    }

    private static func rejection(_ errors: [Finding], _ use: Use) -> CommandError {
        let lines = errors.sorted(by: byPlace).flatMap { manifestLines($0, as: "error") }
        return CommandError(lines: lines + ["error: nothing was \(use.participle): \(counted(errors.count, "error", "errors"))"])
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
