import EgressModel

extension LintReport {
    /// JUnit's XML as GitLab and Jenkins read it: a suite a file, a case an object. What stops a pipeline is the case's
    /// failure; the rest is its output. What belongs to no object, such as a text that is no YAML, is a case of its own.
    var junitText: String {
        let suites = files.map(suite) + [suite("")].filter { $0.tests > 0 }
        let total = Element.counts(tests: suites.reduce(0) { $0 + $1.tests }, failures: suites.reduce(0) { $0 + $1.failures })
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kubectl egress lint\" \(total)>\n"
            + suites.map(\.text).joined() + "</testsuites>\n"
    }

    private func suite(_ file: String) -> (text: String, tests: Int, failures: Int) {
        let own = findings.filter { ($0.place?.file ?? "") == file }
        let objects = Set(items.filter { $0.file == file }.map(\.object))
        var cases = items.filter { $0.file == file }.map { item in
            (item.resourceName, own.filter { $0.object == item.object })
        }
        // Everything that no object of the file takes.
        for finding in own where finding.object.map({ !objects.contains($0) }) ?? true {
            cases.append((finding.place.map { "line \($0.line)" } ?? finding.subject ?? "the files together", [finding]))
        }
        let failures = cases.count { $0.1.contains(where: isFailure) }
        let name = Element.attribute(file.isEmpty ? "all files" : file)
        let text =
            "  <testsuite name=\"\(name)\" \(Element.counts(tests: cases.count, failures: failures))>\n"
            + cases.map { testCase($0.0, $0.1, file: file) }.joined() + "  </testsuite>\n"
        return (text, cases.count, failures)
    }

    private func testCase(_ name: String, _ findings: [Finding], file: String) -> String {
        let place = file.isEmpty ? "" : " file=\"\(Element.attribute(file))\""
        let open =
            "    <testcase classname=\"\(Element.attribute(file.isEmpty ? "lint" : file))\" name=\"\(Element.attribute(name))\"\(place)"
        guard !findings.isEmpty else { return open + " time=\"0\"/>\n" }
        let failed = findings.filter(isFailure)
        var text = open + " time=\"0\">\n"
        if let first = failed.first {
            text += "      <failure message=\"\(Element.attribute(first.message))\" type=\"\(first.code)\">\(Self.body(failed))</failure>\n"
        }
        let rest = findings.filter { !isFailure($0) }
        if !rest.isEmpty { text += "      <system-out>\(Self.body(rest))</system-out>\n" }
        return text + "    </testcase>\n"
    }

    private static func body(_ findings: [Finding]) -> String {
        Element.text(
            LintReport(items: [], files: [], findings: findings).text(TextLayout()).split(separator: "\n").joined(separator: "\n"))
    }
}

/// Text inside of XML 1.0.
private enum Element {
    static func counts(tests: Int, failures: Int) -> String { "tests=\"\(tests)\" failures=\"\(failures)\" errors=\"0\"" }

    static func attribute(_ text: String) -> String { escaped(text, quotes: true) }
    static func text(_ text: String) -> String { escaped(text, quotes: false) }

    /// Characters that XML has no way to write (its production 2) become U+FFFD.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: result += "&amp;"
            case 0x3C: result += "&lt;"
            case 0x3E: result += "&gt;"
            case 0x22 where quotes: result += "&quot;"
            case 0x09, 0x0A, 0x0D: result += quotes ? "&#\(scalar.value);" : String(scalar)
            case 0x00..<0x20, 0x7F...0x9F, 0xFFFE, 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
