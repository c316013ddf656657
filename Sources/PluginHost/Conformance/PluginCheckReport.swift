// SPDX-License-Identifier: Apache-2.0
import JSONText

/// What ``PluginCheck`` found out about a module.
public struct PluginCheckReport: Sendable {
    enum Verdict: String, Sendable {
        case pass = "PASS"
        case fail = "FAIL"
        /// Nothing that the header forbids, and worth a look.
        case warn = "WARN"
        case skip = "SKIP"
    }

    struct Result: Sendable {
        var check: ConformanceCheck
        var verdict: Verdict
        /// Of `fail` and `warn`; at least one.
        var findings: [ConformanceFinding] = []
        /// Of `skip`.
        var reason = ""
    }

    /// Absolute path, or as it was given where there is no such file.
    public var module: String
    /// As the module says; empty when it couldn't.
    public var name = ""
    public var version = ""
    var results: [Result] = []

    /// Whether nothing is wrong; warnings and skipped checks don't count.
    public var hasPassed: Bool { !results.contains { $0.verdict == .fail } }

    func verdict(_ check: ConformanceCheck) -> Verdict? { results.first { $0.check == check }?.verdict }

    /// For people: 80 columns, a word for each verdict.
    public func text() -> String {
        var lines = wrapped(name.isEmpty ? module : "\(name) \(version), \(module)")
        lines.append("")
        for result in results {
            let head = "\(result.verdict.rawValue)  "
            switch result.verdict {
            case .pass: lines += wrapped("\(result.check.rawValue): \(result.check.promise)", first: head)
            case .skip:
                // One line for all that have the reason, where the first of them is.
                let alike = results.filter { $0.verdict == .skip && $0.reason == result.reason }.map(\.check)
                guard alike.first == result.check else { continue }
                lines += wrapped("\(alike.map(\.rawValue).joined(separator: ", ")): \(result.reason)", first: head)
            case .fail, .warn:
                for finding in result.findings {
                    lines += wrapped("\(result.check.rawValue): \(finding.what)", first: head)
                    lines += wrapped(finding.advice, first: "      do: ")
                }
            }
        }
        return (lines + ["", summary]).joined(separator: "\n") + "\n"
    }

    /// For machines: `{"module","name","version","passed","checks":[{"name","verdict","promise","findings":[{"what","advice"}],"reason"}]}`.
    public func json() -> String {
        let checks: [JSONValue] = results.map { result in
            var object: JSONObject = [
                "name": .string(result.check.rawValue), "verdict": .string(result.verdict.rawValue),
                "promise": .string(result.check.promise),
            ]
            if !result.findings.isEmpty {
                object["findings"] = .array(result.findings.map { ["what": .string($0.what), "advice": .string($0.advice)] })
            }
            if !result.reason.isEmpty { object["reason"] = .string(result.reason) }
            return .object(object)
        }
        let value: JSONValue = [
            "module": .string(module), "name": .string(name), "version": .string(version), "passed": .bool(hasPassed),
            "checks": .array(checks),
        ]
        return value.text(pretty: true) + "\n"
    }

    private var summary: String {
        func count(_ verdict: Verdict) -> Int { results.count { $0.verdict == verdict } }
        let warnings = count(.warn) == 1 ? "1 warning" : "\(count(.warn)) warnings"
        return "\(count(.pass)) passed, \(count(.fail)) failed, \(warnings), \(count(.skip)) skipped"
    }
}

/// Breaks text at spaces into lines of at most 80 characters; a longer word stands alone. The first line begins with
/// `first`, the others with as many spaces.
private func wrapped(_ text: String, first: String = "") -> [String] {
    let indent = String(repeating: " ", count: first.count)
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in printable(text).split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > 80 {
            lines.append(line)
            (line, isEmpty) = (indent, true)
        }
        line += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return lines + [line]
}
