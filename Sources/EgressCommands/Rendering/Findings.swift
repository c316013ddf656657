import EgressModel

/// One finding for a person: severity, object and code, then what is wrong, then what to do.
func findingText(_ finding: Finding, width: Int) -> String {
    let object = finding.object.map { " \($0)" } ?? ""
    let place = finding.place.map { " (\($0))" } ?? ""
    let head = "\(finding.severity.rawValue.uppercased())\(object) [\(finding.code)]\(place)"
    let message = (finding.field.map { "\($0): " } ?? "") + finding.message
    var lines = [plainText(head)] + wrapped(message, first: "  ", width: width)
    if let hint = finding.hint { lines += wrapped(hint, first: "  hint: ", width: width) }
    return lines.map { $0 + "\n" }.joined()
}

extension Sequence<Finding> {
    /// What tables and sentences tell. That a policy for everything doesn't get cluster DNS is as it must be (EG2021): it is said
    /// in every machine output and where a policy is looked at by itself, and would be noise below every table.
    var notable: [Finding] { filter { $0.code != .inClusterKept } }
}

/// Findings of a result, after an empty line; nothing when there are none.
func findingsText(_ findings: [Finding], width: Int) -> String {
    findings.isEmpty ? "" : "\n" + findings.map { findingText($0, width: width) }.joined()
}

/// A finding of a manifest as compilers print it, so that an editor jumps to it, and below it what to do.
func manifestLines(_ finding: Finding, as word: String) -> [String] {
    let place = finding.place.map { "\($0): " } ?? ""
    let object = finding.object.map { "\($0.kind) \($0.namespace.map { "\($0)/" } ?? "")\($0.name): " } ?? ""
    let field = finding.field.map { "\($0): " } ?? ""
    let line = plainText("\(word): \(place)\(object)\(field)\(finding.message) [\(finding.code)]")
    return [line] + (finding.hint.map { ["  hint: \(plainText($0))"] } ?? [])
}
