import EgressModel
import JSONText
import KubeObjects
import TestKit
import Testing

@testable import EgressCommands

private let hostile = "a\u{1B}[2J<&>\"'%,:\r\n]]>\u{0}\u{FFFE}é"

private let findings = [
    Finding(
        .error, .invalidCIDR, object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "web"), field: "spec.destinationCIDRs[0]",
        place: SourcePlace(file: "a dir/ä%,:.yaml", line: 8, column: 22), message: "\"x\" is not a CIDR: " + hostile,
        hint: "write it, 100% right"),
    Finding(
        .warning, .unknownField, object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "web"),
        place: SourcePlace(file: "a dir/ä%,:.yaml", line: 9, column: 1), message: "unknown field"),
    Finding(.error, .notAManifest, place: SourcePlace(file: "/abs/b.yaml", line: 1, column: 1), message: "not YAML"),
    Finding(.info, .noPolicies, message: "no place"),
]

private let report = LintReport(
    items: [
        LintReport.Item(
            object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "web"),
            resourceName: "ciliumegressgatewaypolicy.cilium.io/web",
            file: "a dir/ä%,:.yaml"),
        LintReport.Item(object: ObjectReference(kind: "Namespace", name: "ok"), resourceName: "namespace/ok", file: "a dir/ä%,:.yaml"),
    ], files: ["a dir/ä%,:.yaml", "/abs/b.yaml"], findings: findings)

@Suite struct LintOutputTests {
    // MARK: SARIF

    /// What SARIF 2.1.0's schema requires, and what code scanning does on top.
    @Test func `SARIF has its required members`() throws {
        let sarif = try JSONValue(parsing: report.sarif.text(pretty: true))
        #expect(sarif["version"] == "2.1.0")
        #expect(sarif["$schema"] != nil)
        let run = try #require(sarif["runs"]?.arrayValue?.first)
        let driver = try #require(run["tool"]?["driver"])
        #expect(driver["name"] == "kubectl-egress")
        let rules = try #require(driver["rules"]?.arrayValue)
        #expect(rules.compactMap { $0["id"]?.stringValue } == ["EG2001", "EG2004", "EG2007", "EG2080"])
        for rule in rules {
            for member in ["shortDescription", "fullDescription", "help"] {
                #expect(rule[member]?["text"]?.stringValue?.isEmpty == false, "\(member)")
            }
        }
        let results = try #require(run["results"]?.arrayValue)
        #expect(results.count == findings.count)
        #expect(results.map { $0["level"] } == ["error", "warning", "error", "note"])
        for (result, finding) in zip(results, findings) {
            #expect(result["message"]?["text"]?.stringValue?.contains(finding.message) == true)
            let index = try #require(result["ruleIndex"]?.integerValue(as: Int.self))
            #expect(rules.indices.contains(index) && rules[index]["id"] == result["ruleId"])
            let location = result["locations"]?.arrayValue?.first?["physicalLocation"]
            #expect((location == nil) == (finding.place == nil))
            guard let place = finding.place else { continue }
            #expect(location?["region"]?["startLine"] == .integer(Int64(place.line)))
            #expect(location?["region"]?["startColumn"] == .integer(Int64(place.column)))
        }
    }

    @Test func `SARIF's paths are URI references`() throws {
        let results = try #require(report.sarif["runs"]?.arrayValue?.first?["results"]?.arrayValue)
        let uris = results.map { $0["locations"]?.arrayValue?.first?["physicalLocation"]?["artifactLocation"]?["uri"]?.stringValue }
        #expect(uris == ["a%20dir/%C3%A4%25%2C%3A.yaml", "a%20dir/%C3%A4%25%2C%3A.yaml", "file:///abs/b.yaml", nil])
    }

    // MARK: GitHub

    @Test func `workflow commands are a line each, escaped as the runner reads them`() {
        let lines = report.githubText.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == findings.count + 1 && lines.last == "")
        #expect(
            lines[0]
                == "::error file=a dir/ä%25%2C%3A.yaml,line=8,col=22,title=EG2004 CiliumEgressGatewayPolicy/web spec.destinationCIDRs[0]"
                + "::\"x\" is not a CIDR: a?[2J<&>\"'%25,:%0D%0A]]>?\u{FFFE}é%0Ahint: write it, 100%25 right")
        #expect(lines[1].hasPrefix("::warning file="))
        #expect(lines[3] == "::notice title=EG2080::no place")
    }

    /// The runner's own way back (actions/runner, ActionCommand): what comes out is what was meant.
    @Test func `workflow commands read back`() throws {
        let line = try #require(report.githubText.split(separator: "\n").first)
        let parts = line.dropFirst(2).split(separator: "::", maxSplits: 1)
        let properties = parts[0].drop { $0 != " " }.dropFirst().split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
        let file = try #require(properties.first { $0[0] == "file" })[1]
        #expect(
            file.replacing("%2C", with: ",").replacing("%3A", with: ":").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
                .replacing("%25", with: "%") == "a dir/ä%,:.yaml")
    }

    // MARK: JUnit

    /// Read by Python's XML parser, which refuses what isn't well-formed.
    @Test func `JUnit is XML with a case an object, and failures counted`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(report.junitText, to: "lint.xml")
        let script = """
            import sys, xml.etree.ElementTree as E
            root = E.parse(sys.argv[1]).getroot()
            print(root.tag, root.get("tests"), root.get("failures"))
            for suite in root:
                print(suite.tag, suite.get("name"), suite.get("tests"), suite.get("failures"))
                for case in suite:
                    assert case.tag == "testcase" and case.get("name") and case.get("classname")
                    print(case.get("name"), [c.tag for c in case], [c.get("type") for c in case if c.tag == "failure"])
            """
        let parsed = try python(script, file)
        #expect(
            parsed == """
                testsuites 4 2
                testsuite a dir/ä%,:.yaml 2 1
                ciliumegressgatewaypolicy.cilium.io/web ['failure', 'system-out'] ['EG2004']
                namespace/ok [] []
                testsuite /abs/b.yaml 1 1
                line 1 ['failure'] ['EG2001']
                testsuite all files 1 0
                the files together ['system-out'] []

                """)
    }

    @Test func `warnings are failures where they count as errors`() {
        var strict = report
        strict.warningsFail = true
        #expect(report.hasFailed && strict.hasFailed)
        #expect(strict.junitText.contains("EG2007"))
        let only = LintReport(items: [], files: [], findings: [findings[1]])
        #expect(!only.hasFailed)
    }

    /// Every file with manifests of the examples, in every form, is well-formed.
    @Test(arguments: ["é\u{7}", "]]>", "&lt;", "\u{FFFF}", "\t\r\n"]) func `no text breaks the XML`(text: String) throws {
        let finding = Finding(
            .error, .fieldType, object: ObjectReference(kind: text, name: text), field: text,
            place: SourcePlace(file: text, line: 1, column: 1), message: text, hint: text)
        let item = LintReport.Item(object: ObjectReference(kind: text, name: text), resourceName: text, file: text)
        let folder = try TemporaryFolder()
        let file = try folder.write(LintReport(items: [item], files: [text], findings: [finding]).junitText, to: "x.xml")
        #expect(try python("import sys, xml.etree.ElementTree as E; print(len(E.parse(sys.argv[1]).getroot()))", file) == "1\n")
    }

    // MARK: JSON

    @Test func `JSON keeps the contract: absent is null, findings are sorted, places are objects`() {
        let list = report.json["findings"]?.arrayValue ?? []
        #expect(list.map { $0["code"] } == ["EG2001", "EG2004", "EG2007", "EG2080"])
        #expect(list.first?["object"] == .null && list.first?["hint"] == .null)
        #expect(list.last?["place"] == .null)
        #expect(list[1]["place"] == ["file": "a dir/ä%,:.yaml", "line": 8, "column": 22])
        #expect(report.json["summary"] == ["errors": 2, "warnings": 1, "infos": 1])
    }

    @Test func `names are those of objects with errors or warnings`() {
        #expect(report.names == ["ciliumegressgatewaypolicy.cilium.io/web"])
    }

    @Test func `text has no control characters and a line a finding`() {
        let text = report.text(TextLayout())
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        #expect(text.split(separator: "\n").filter { $0.contains(" [EG") }.count == findings.count)
    }
}

/// Runs a script with one argument; returns what it printed.
private func python(_ script: String, _ argument: String) throws -> String {
    try Command.run(["python3", "-c", script, argument])
}
