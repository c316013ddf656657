// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import TestKit
import Testing

/// `plugins/spread/config.schema.json` and the module say the same, by a validator that is not ours (python3-jsonschema).
@Suite(.requires(.lab))
struct SpreadSchemaTests {
    private static let script = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for line in sys.stdin:
            print("good" if validator.is_valid(json.loads(line)) else "bad")
        """

    private func verdicts(_ configs: [String]) throws -> [String] {
        let python =
            try ["/usr/bin/python3", "python3"].first { try Command.outcome([$0, "-c", "import jsonschema"]).succeeded }
            ?? { throw Failure(text: "no python3 has jsonschema: .ci/install test") }()
        let input = configs.map { $0.replacing("\n", with: " ") + "\n" }.joined()
        return try Command.run([python, "-W", "ignore", "-c", Self.script, "\(project)/plugins/spread/config.schema.json"], input: input)
            .split(separator: "\n").map(String.init)
    }

    @Test func `the README's examples are good for both`() throws {
        let text = try #require(FileText.read("\(project)/plugins/spread/README.md"))
        let examples = text.split(separator: "\n").compactMap { line -> String? in
            line.split(separator: "strategy-config: '").dropFirst().first.map { String($0.dropLast()) }
        }
        #expect(examples.count == 2)
        #expect(try verdicts(examples) == ["good", "good"])
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        for example in examples { #expect(table.outcome(example, request: SpreadModule.request(example)).status == 0, "\(example)") }
    }

    @Test func `what the schema refuses the module refuses`() throws {
        let bad = [
            "{}", "[]", #"{"ipv4":[]}"#, #"{"ipv4":[7]}"#, #"{"ipv4":["host"]}"#, #"{"ipv4":["1.2.3.4"],"most":0}"#,
            #"{"ipv4":["1.2.3.4"],"most":17}"#,
            #"{"ipv4":["1.2.3.4"],"claim":true}"#, #"{"ipv4":["1.2.3.4"],"claim":true,"interface":null}"#,
            #"{"ipv4":["1.2.3.4"],"nodes":["a"]}"#,
            #"{"ipv4":["1.2.3.4"],"nodes":["a","a"],"claim":true,"interface":"e"}"#, #"{"ipv4":["1.2.3.4"],"other":1}"#,
            #"{"ipv4":["1.2.3.4"],"interface":""}"#, #"{"ipv6":["1.2.3.4/"]}"#,
        ]
        #expect(try verdicts(bad) == bad.map { _ in "bad" })
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        for config in bad { #expect(table.outcome(config, request: "{}").status == 2, "\(config)") }
    }
}
