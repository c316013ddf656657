import EgressModel

extension LintReport {
    /// Workflow commands: GitHub shows each at its line of a pull request.
    ///
    /// Form and escapes as in GitHub's "Workflow commands for GitHub Actions" and its toolkit: `%`, CR and LF in the text,
    /// and `:` and `,` too in a property.
    var githubText: String {
        findings.map { finding in
            var properties: [String] = []
            if let place = finding.place {
                properties += ["file=\(Self.escaped(place.file, inProperty: true))", "line=\(place.line)", "col=\(place.column)"]
            }
            properties.append("title=\(Self.escaped("\(finding.code) \(finding.subject ?? "")".trimmed, inProperty: true))")
            let text = [finding.message, finding.hint.map { "hint: \($0)" }].compactMap(\.self).joined(separator: "\n")
            return "::\(Self.command(finding.severity)) \(properties.joined(separator: ","))::\(Self.escaped(text, inProperty: false))\n"
        }.joined()
    }

    private static func command(_ severity: Finding.Severity) -> String {
        switch severity {
        case .error: "error"
        case .warning: "warning"
        case .info: "notice"
        }
    }

    private static func escaped(_ text: String, inProperty: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "\r": result += "%0D"
            case "\n": result += "%0A"
            case ":" where inProperty: result += "%3A"
            case "," where inProperty: result += "%2C"
            default: result += plainText(String(scalar))
            }
        }
        return result
    }
}

extension String {
    /// Without a space at the end.
    fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}
