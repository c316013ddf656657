import EgressModel
import EgressPolicy
import TestKit
import Testing

/// docs/cilium-differences.md against the tests: a difference that no test shows isn't one, and no case is left out.
@Suite struct CiliumDifferencesPageTests {
    private static let top = String(Scenario.folder.dropLast("Tests/Scenarios".count))

    private func page() throws -> String { try #require(FileText.read(Self.top + "docs/cilium-differences.md")) }

    /// What stands between backquotes in the last column of the tables.
    private func named() throws -> [String] {
        let rows = try page().split(separator: "\n").filter { $0.hasPrefix("|") && !$0.hasPrefix("|---") && !$0.contains("| test |") }
        return rows.flatMap { row in
            let cell = row.dropLast().split(separator: "|").last ?? ""
            return cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
                String($0.element)
            }
        }
    }

    @Test func `every test that the page names is there`() throws {
        let cases = Set(try CiliumScenario.all().map(\.description))
        let files = ["EgressPolicyTests/Cilium/CiliumModelTests", "EgressCommandsTests/CiliumCommandTests"]
        let tests = try files.map { try #require(FileText.read("\(Self.top)Tests/\($0).swift")) }.joined()
        let named = try named()
        #expect(named.count > 100)
        for name in named where !cases.contains(name) {
            #expect(tests.contains("func `\(name)`(") || tests.contains("\"\(name)\"") || tests.contains("struct \(name) "), "\(name)")
        }
    }

    @Test func `every case is on the page`() throws {
        let named = Set(try named())
        for scenario in try CiliumScenario.all() { #expect(named.contains(scenario.description), "\(scenario)") }
    }

    @Test func `every code of a difference is on the page`() throws {
        let page = try page()
        let codes = CodeAdvice.all.map(\.code.rawValue).filter { $0.hasPrefix("EG203") }
        #expect(codes.count == 9)
        for code in codes { #expect(page.contains("`\(code)`"), "\(code)") }
    }

    /// A row with a code is shown by a case that has it.
    @Test func `the code of a row is in one of its cases`() throws {
        let cases = Dictionary(uniqueKeysWithValues: try CiliumScenario.all().map { ($0.description, $0.golden) })
        for row in try page().split(separator: "\n") where row.contains("| `EG203") {
            let cells = row.split(separator: "|").map { $0.split(separator: "`").map(String.init) }
            let code = try #require(cells.dropLast().last?.first { $0.hasPrefix("EG203") })
            let goldens = (cells.last ?? []).compactMap { cases[$0] }
            guard !goldens.isEmpty else { continue }
            #expect(goldens.contains { FileText.read($0)?.contains(code) == true }, "\(row)")
        }
    }
}
