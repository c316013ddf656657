import EgressModel
import EgressPolicy
import JSONText
import KubeObjects

/// Everything that can be said of manifests without a cluster.
struct LintCheck {
    /// Looks at all objects together; what it finds without a place gets that of its object and field.
    typealias Check = (ClusterSnapshot) -> [Finding]

    let reading: KubeReading
    /// In addition to the checks that are always made: a profile such as `--as-cilium` adds its own here.
    var checks: [Check] = []

    /// Each once, in the order of the files.
    func findings() -> [Finding] {
        let snapshot = clusterSnapshot(from: reading)
        let policies = snapshot.policies.compactMap(\.policy)
        // A document that another one replaces is checked too.
        var findings = snapshot.findings + reading.documents.flatMap { $0.decoded().findings + [$0.foreignKindFinding].compactMap(\.self) }
        let resolved = resolve(snapshot).findings.filter(LintScope(snapshot).concerns)
        findings += resolved + policies.flatMap(policyRemarks) + checks.flatMap { $0(snapshot) }
        // Where pods are among the files, what they tell is more than what selectors tell.
        let known = Set(resolved.filter { $0.code == .overlapLost }.map { Subject($0) })
        findings += policyOverlaps(policies).filter { !known.contains(Subject($0)) }
        if reading.findings.isEmpty, snapshot.policies.isEmpty, !reading.documents.isEmpty {
            findings.append(
                Finding(.info, .noPolicies, message: "no egress policy is among the objects", hint: CodeAdvice(code: .noPolicies)?.fix))
        }
        return placed(Set(findings))
    }

    private struct Subject: Hashable {
        let object: ObjectReference?
        let field: String?

        init(_ finding: Finding) { (object, field) = (finding.object, finding.field) }
    }

    /// The only entry may stand in either field of a policy, and a policy's value doesn't know in which it stood.
    private static func field(_ field: String, in document: KubeDocument) -> String {
        let single = "spec.egressGateway"
        guard field == single || field.hasPrefix(single + "."), document.json["spec"]?["egressGateways"]?.arrayValue?.count == 1 else {
            return field
        }
        return "spec.egressGateways[0]" + field.dropFirst(single.count)
    }

    private func placed(_ findings: Set<Finding>) -> [Finding] {
        // Of several documents of one object the last counts.
        let documents = Dictionary(reading.documents.map { ($0.reference, $0) }, uniquingKeysWith: { _, last in last })
        var located: [ObjectReference: KubeDocument] = [:]
        let files = Dictionary(
            (reading.documents.map(\.file) + reading.findings.compactMap { $0.place?.file }).enumerated().map { ($1, $0) },
            uniquingKeysWith: { first, _ in first })
        var placed: Set<Finding> = []
        for var finding in findings {
            if finding.place == nil, let object = finding.object, let document = located[object] ?? documents[object]?.located() {
                located[object] = document
                finding.field = finding.field.map { Self.field($0, in: document) }
                finding.place = document.place(of: finding.field.flatMap { JSONPath($0) } ?? .root)
            }
            placed.insert(finding)
        }
        func position(_ finding: Finding) -> (Int, Int, Int) {
            finding.place.map { (files[$0.file] ?? .max, $0.line, $0.column) } ?? (.max, 0, 0)
        }
        return placed.sorted { position($0) == position($1) ? $0 < $1 : position($0) < position($1) }
    }
}

/// Tells what files say from what only means that there is no cluster.
struct LintScope {
    private let hasNodes: Bool
    private let hasReports: Bool
    private let hasPods: Bool

    init(_ snapshot: ClusterSnapshot) {
        hasNodes = !snapshot.nodes.isEmpty
        hasReports = !snapshot.egressNodes.isEmpty
        hasPods = !snapshot.pods.isEmpty
    }

    func concerns(_ finding: Finding) -> Bool {
        switch finding.code {
        case .selectsNothing: hasPods
        case .noGatewayMatches, .gatewayCordoned: hasNodes
        case .familyWithoutDatapath: true
        case .rangesUnknown, .snapshotIncomplete, .noNodeReports: hasReports
        default: !finding.code.rawValue.hasPrefix("EG1") || hasReports
        }
    }
}
