import EgressModel
import EgressPolicy
import JSONText

extension LintReport {
    /// SARIF 2.1.0 (OASIS), with what GitHub code scanning wants of a rule: one run, a rule a code, a result a finding.
    var sarif: JSONValue {
        let codes = Set(findings.map(\.code)).sorted { $0.rawValue < $1.rawValue }
        return [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [
                [
                    "tool": [
                        "driver": [
                            "name": "kubectl-egress", "semanticVersion": .string(ProductVersion.current),
                            "rules": .array(codes.map(Self.rule)),
                        ]
                    ],
                    "columnKind": "unicodeCodePoints",
                    "invocations": [["executionSuccessful": true]],
                    "results": .array(findings.map { Self.result($0, codes) }),
                ]
            ],
        ]
    }

    private static func rule(_ code: ReasonCode) -> JSONValue {
        let advice = CodeAdvice(code: code)
        let help = [advice?.cause, advice.map { "To confirm: \($0.confirm)" }, advice?.fix.map { "To fix: \($0)" }].compactMap(\.self)
            .joined(separator: "\n")
        return [
            "id": .string(code.rawValue), "shortDescription": ["text": .string(advice?.title ?? code.rawValue)],
            "fullDescription": ["text": .string(advice?.cause ?? code.rawValue)],
            "help": ["text": .string(help.isEmpty ? code.rawValue : help)],
        ]
    }

    private static func result(_ finding: Finding, _ codes: [ReasonCode]) -> JSONValue {
        let about = finding.subject.map { "\($0): " } ?? ""
        let text = about + finding.message + (finding.hint.map { "\nhint: \($0)" } ?? "")
        return [
            "ruleId": .string(finding.code.rawValue),
            "ruleIndex": .integer(Int64(codes.firstIndex(of: finding.code) ?? -1)),
            "level": .string(level(finding.severity)), "message": ["text": .string(text)],
            "locations": .array(finding.place.map { [location($0)] } ?? []),
        ]
    }

    private static func location(_ place: SourcePlace) -> JSONValue {
        [
            "physicalLocation": [
                "artifactLocation": ["uri": .string(uri(place.file))],
                "region": ["startLine": .integer(Int64(place.line)), "startColumn": .integer(Int64(place.column))],
            ]
        ]
    }

    private static func level(_ severity: Finding.Severity) -> String {
        switch severity {
        case .error: "error"
        case .warning: "warning"
        case .info: "note"
        }
    }

    /// A path as a URI reference (RFC 3986): relative stays relative, as code scanning takes it from the repository's top.
    private static func uri(_ path: String) -> String {
        var bare = path[...]
        while bare.hasPrefix("./") { bare = bare.dropFirst(2) }
        var escaped = path.hasPrefix("/") ? "file://" : ""
        for byte in bare.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~/".utf8.contains(byte))
            escaped += isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
        return escaped
    }
}
