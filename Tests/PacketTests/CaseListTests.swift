import Glibc
import TestKit
import Testing

/// docs/packet-cases.md against the tests: nothing in the list is without a test, unless the list says why.
@Suite struct CaseListTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    private static let expected =
        (1...30).map(String.init) + (1...17).map { "C\($0)" } + (1...8).map { "N\($0)" } + (1...3).map { "F\($0)" } + ["A1", "H1", "O1"]

    /// Case to what the list says of it.
    private static func list() throws -> [String: String] {
        let text = try #require(FileText.read(root + "/docs/packet-cases.md"))
        let rows = text.split(separator: "\n").compactMap { line -> (String, String)? in
            let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }
            guard line.hasPrefix("| "), cells.count == 2 else { return nil }
            return (cells[0].split(separator: " ").joined(), String(cells[1]))
        }
        return Dictionary(rows.filter { $0.0 != "case" && !$0.0.hasPrefix("-") }) { first, _ in first }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Names of Swift files in a folder.
    private static func files(_ folder: String) throws -> [String] {
        let directory = try #require(opendir(folder))
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".swift") { found.append(name) }
        }
        return found
    }

    /// Cases that names of tests begin with.
    private static func tested() throws -> Set<String> {
        let folder = root + "/Tests/PacketTests/Cases"
        var found: Set<String> = []
        for name in try files(folder) {
            guard let text = FileText.read("\(folder)/\(name)") else { continue }
            for part in text.split(separator: "func `").dropFirst() {
                guard let head = part.split(separator: ":", maxSplits: 1).first, head.count < 30 else { continue }
                found.formUnion(head.split(separator: ",").map { $0.split(separator: " ").joined() })
            }
        }
        return found
    }

    /// What only networks show: suite and test, of the table with three columns.
    private static func named() throws -> [(suite: String, test: String)] {
        let text = try #require(FileText.read(root + "/docs/packet-cases.md"))
        let rows = text.split(separator: "\n").map { $0.split(separator: "|").map { Self.trimmed($0) } }.filter { $0.count == 3 }
        return rows.dropFirst(2).map { ($0[1], $0[2]) }
    }

    /// The source of each suite of the name among packet, lab and host tests.
    private static func sources(of suite: String) throws -> [Substring] {
        var found: [Substring] = []
        for folder in ["PacketTests", "PacketTests/Cases", "LabTests", "HostNetworkTests"] {
            for name in try files(root + "/Tests/" + folder) {
                guard let text = FileText.read("\(root)/Tests/\(folder)/\(name)") else { continue }
                if let place = text.firstRange(of: "struct \(suite) {") { found.append(text[place.lowerBound...]) }
            }
        }
        return found
    }

    @Test func `what only networks show has a test of the name that the list says`() throws {
        let named = try Self.named()
        #expect(named.count == 15)
        for (suite, test) in named {
            let isThere = try Self.sources(of: suite).contains { $0.contains("func `\(test)`(") }
            #expect(isThere, "\(suite) has no test \(test)")
        }
    }

    @Test func `every case is asked in both families`() throws {
        let folder = Self.root + "/Tests/PacketTests/Cases"
        // Only IPv4 has outer fragments by a flag of the packet, and only IPv6 has extension headers.
        let ofOne = ["without DF the outer packet is cut", "extension headers that can't be followed are a drop"]
        var cases: [String: Bool] = [:]
        for name in try Self.files(folder) {
            let text = try #require(FileText.read("\(folder)/\(name)"))
            for part in text.split(separator: "@Test").dropFirst() {
                guard let function = part.firstRange(of: "func `"), let end = part[function.upperBound...].firstIndex(of: "`") else {
                    continue
                }
                let test = part[function.upperBound..<end]
                guard let head = test.split(separator: ":", maxSplits: 1).first, head.count < 30, test.contains(":") else { continue }
                let isAsked = part[..<function.lowerBound].contains("Scene.families")
                #expect(isAsked || ofOne.contains { test.contains($0) }, "\(test)")
                for one in head.split(separator: ",") {
                    cases[Self.trimmed(one), default: false] = cases[Self.trimmed(one), default: false] || isAsked
                }
            }
        }
        #expect(cases.filter { !$0.value }.isEmpty)
        #expect(cases.count > 40)
    }

    @Test func `every case is in the list, and every test's cases are`() throws {
        let listed = try Self.list()
        #expect(Set(listed.keys) == Set(Self.expected))
        #expect(try Self.tested().subtracting(listed.keys) == [])
    }

    @Test func `a case has a test, or the list says what it is asked with or why it is missing`() throws {
        let tested = try Self.tested()
        for (name, text) in try Self.list() where !tested.contains(name) {
            let excuses = ["missing: ", "not here: ", "with ", "every case in IPv6"]
            #expect(excuses.contains { text.hasPrefix($0) }, "case \(name) has no test")
            #expect(text.contains("missing: ") || !Self.expected.prefix(30).contains(name), "case \(name) has no test")
        }
        for (name, text) in try Self.list() where text.hasPrefix("missing: ") {
            #expect(!tested.contains(name), "case \(name) has a test, and the list says that it is missing")
        }
    }
}
