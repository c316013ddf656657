import EgressModel
import EgressPolicy
import FoundationEssentials
import TestKit
import Testing

/// Every row of the table of Cilium's behaviour: what its agents would have in their maps, what we have, and what we say
/// where that differs.
@Suite struct CiliumScenarioTests {
    @Test(arguments: try CiliumScenario.all())
    func `Cilium and we say what the case says`(scenario: CiliumScenario) throws {
        let text = CiliumScenarioText(scenario).text
        if ProcessInfo.processInfo.environment["EGRESS_RECORD"] != nil {
            try Data(text.utf8).write(to: URL(filePath: scenario.golden))
        }
        #expect(text == FileText.read(scenario.golden), "\(scenario.golden) says otherwise; make record writes it anew")
        #expect(!text.contains("can't be read"))
    }

    /// A golden text whose case is gone would pass by not being asked.
    @Test func `each golden text has a case, and each case one`() throws {
        for group in try CiliumScenario.names(in: CiliumScenario.folder) where !group.contains(".") {
            let names = try CiliumScenario.names(in: "\(CiliumScenario.folder)/\(group)")
            let cases = names.filter { $0.hasSuffix(".yaml") && $0 != "cluster.yaml" }.map { $0.dropLast(5) }
            #expect(cases == names.filter { $0.hasSuffix(".txt") }.map { $0.dropLast(4) }, "\(group)")
        }
    }

    /// The rows of the table, by their group: none may go missing.
    @Test func `every group has its cases`() throws {
        let groups = Dictionary(grouping: try CiliumScenario.all(), by: \.group).mapValues(\.count)
        let least = [
            "parser": 8, "manager": 14, "node-selector": 4, "endpoint-store": 4, "multigateway": 5, "matching": 4, "derive": 4, "script": 4,
            "slice": 3, "e2e": 4, "derived": 38,
        ]
        for (group, count) in least { #expect((groups[group] ?? 0) >= count, "\(group)") }
        #expect(Set(groups.keys) == Set(least.keys))
    }

    @Test(arguments: try CiliumScenario.all())
    func `the order of objects makes no difference`(scenario: CiliumScenario) throws {
        var reversed = scenario.snapshot
        reversed.nodes.reverse()
        reversed.pods.reverse()
        reversed.policies.reverse()
        reversed.namespaces.reverse()
        reversed.egressNodes.reverse()
        for version in scenario.versions {
            #expect(
                ciliumTable(reversed, as: version, endpointUIDs: .ofPods)
                    == ciliumTable(scenario.snapshot, as: version, endpointUIDs: .ofPods))
            #expect(ciliumDifferences(reversed, version) == ciliumDifferences(scenario.snapshot, version))
        }
    }
}
