import EgressModel
import JSONText
import KubeObjects

/// What `lint` found out.
struct LintReport: CommandResult {
    /// An object as it was checked.
    struct Item {
        var object: ObjectReference
        var resourceName: String
        var file: String
    }

    var items: [Item]
    /// Every file that was read, in order, once each.
    var files: [String]
    /// In the order of the files.
    var findings: [Finding]
    /// `--warnings-as-errors`.
    var warningsFail = false

    func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }

    var policyCount: Int { items.count { $0.object.kind == StatusReport.policyKind } }

    /// Whether a pipeline should stop.
    var hasFailed: Bool { findings.contains(where: isFailure) }

    func isFailure(_ finding: Finding) -> Bool { finding.severity == .error || warningsFail && finding.severity == .warning }

    /// Objects that have errors or warnings, in the order of the files.
    var names: [String] {
        let bad = Set(findings.filter { $0.severity != .info }.compactMap(\.object))
        var seen: Set<String> = []
        return items.filter { bad.contains($0.object) && seen.insert($0.resourceName).inserted }.map(\.resourceName)
    }

    var json: JSONValue {
        [
            "files": .array(files.map(JSONValue.string)), "objects": .integer(Int64(items.count)),
            "policies": .integer(Int64(policyCount)),
            "summary": [
                "errors": .integer(Int64(count(.error))), "warnings": .integer(Int64(count(.warning))),
                "infos": .integer(Int64(count(.info))),
            ],
            "findings": .array(findings.sorted().map(Self.json)),
        ]
    }

    private static func json(_ finding: Finding) -> JSONValue {
        guard case .object(var object) = JSONValue(finding) else { return .null }
        object["place"] =
            finding.place.map {
                ["file": .string($0.file), "line": .integer(Int64($0.line)), "column": .integer(Int64($0.column))]
            } ?? .null
        return .object(object)
    }

    /// A line a finding, as compilers print them, so that an editor jumps to it; below it what it is about and what to do.
    func text(_ layout: TextLayout) -> String {
        findings.map { finding in
            let place = finding.place.map { "\($0): " } ?? ""
            let head = "\(place)\(finding.severity.rawValue): \(finding.message) [\(finding.code)]"
            var lines = [plainText(head.split(whereSeparator: \.isNewline).joined(separator: " "))]
            if let subject = finding.subject { lines.append(plainText("  in:   \(subject)")) }
            if let hint = finding.hint { lines += wrapped(hint, first: "  hint: ", width: layout.proseWidth) }
            return lines.map { $0 + "\n" }.joined()
        }.joined()
    }

    /// One line for standard error.
    var summary: String {
        let policies = counted(policyCount, "policy", "policies") + " in " + counted(files.count, "file", "files")
        let counts = [
            (count(.error), "error", "errors"), (count(.warning), "warning", "warnings"), (count(.info), "remark", "remarks"),
        ].filter { $0.0 > 0 }.map(counted)
        return "\(policies): " + (counts.isEmpty ? "nothing found" : counts.joined(separator: ", "))
    }
}

extension Finding {
    /// Object and field: `CiliumEgressGatewayPolicy/web spec.egressGateway`; the name with its namespace.
    var subject: String? {
        guard let object else { return field }
        let name = "\(object.kind)/\(object.namespace.map { "\($0)/" } ?? "")\(object.name)"
        return name + (field.map { " \($0)" } ?? "")
    }
}
