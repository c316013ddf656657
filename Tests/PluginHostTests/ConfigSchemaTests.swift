// SPDX-License-Identifier: Apache-2.0
import JSONText
import TestKit
import Testing

/// `config.schema.json` of each module says what the module does, by a validator that isn't ours (python3-jsonschema).
@Suite(.requires(.lab))
struct ConfigSchemaTests {
    private static let tables: [(module: String, accepted: [String], refused: [Refusal])] = [
        ("static", StaticModuleTests.accepted, StaticModuleTests.refused),
        ("interface", InterfaceModuleTests.accepted, InterfaceModuleTests.refused),
        ("node-annotation", NodeAnnotationModuleTests.accepted, NodeAnnotationModuleTests.refused),
    ]
    /// Prints a line for each configuration: empty, or what is wrong.
    private static let script = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        for line in sys.stdin:
            print("; ".join(e.message[:200].replace("\\n", " ") for e in validator.iter_errors(json.loads(line))))
        """

    private func faults(_ module: String, _ configs: [String]) throws -> [String] {
        let schema = "\(project)/plugins/\(module)/config.schema.json"
        let output = try Command.run(
            ["/usr/bin/python3", "-W", "ignore", "-c", Self.script, schema], input: configs.joined(separator: "\n") + "\n")
        return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    @Test(arguments: 0..<tables.count)
    func `examples of the README and what the tests have accepted fit it, and the module takes them`(number: Int) throws {
        let (name, accepted, _) = Self.tables[number]
        let module = try ShippedModule(name)
        let examples = try module.examples
        #expect(!examples.isEmpty)
        let configs = examples + accepted
        let faults = try faults(name, configs)
        #expect(faults.count == configs.count)
        let table = try ModuleTable(module.file)
        for (config, fault) in zip(configs, faults) {
            #expect(fault == "", "\(config)")
            #expect(table.outcome(config, request: "{}").status != 2, "\(config)")
        }
    }

    @Test(arguments: 0..<tables.count)
    func `what the module refuses doesn't fit it, where a schema can say it`(number: Int) throws {
        let (name, _, refused) = Self.tables[number]
        let faults = try faults(name, refused.map(\.config))
        #expect(faults.count == refused.count)
        for (refusal, fault) in zip(refused, faults) { #expect(fault.isEmpty == refusal.isBeyondSchema, "\(refusal.config)") }
    }

    @Test(arguments: 0..<tables.count)
    func `every field is in the README`(number: Int) throws {
        let name = Self.tables[number].module
        let schema = try JSONValue(parsing: try #require(FileText.read("\(project)/plugins/\(name)/config.schema.json")))
        let fields = try #require(schema["properties"]?.objectValue)
        for field in fields.keys {
            #expect(try ShippedModule(name).readme.split(separator: "\n").contains { $0.hasPrefix("| `") && $0.contains("`\(field)`") })
        }
    }
}
