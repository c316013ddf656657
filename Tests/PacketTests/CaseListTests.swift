import Glibc
import TestKit
import Testing

/// docs/packet-cases.md against the tests: nothing in the list is without a test, unless the list says why.
@Suite struct CaseListTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

    private static let expected =
        (1...30).map(String.init) + (1...17).map { "C\($0)" } + (1...8).map { "N\($0)" } + (1...3).map { "F\($0)" } + ["H1", "O1"]

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

    /// Cases that names of tests begin with.
    private static func tested() throws -> Set<String> {
        let folder = root + "/Tests/PacketTests/Cases"
        let directory = try #require(opendir(folder))
        defer { closedir(directory) }
        var found: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard name.hasSuffix(".swift"), let text = FileText.read("\(folder)/\(name)") else { continue }
            for part in text.split(separator: "func `").dropFirst() {
                guard let head = part.split(separator: ":", maxSplits: 1).first, head.count < 30 else { continue }
                found.formUnion(head.split(separator: ",").map { $0.split(separator: " ").joined() })
            }
        }
        return found
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
