import TestKit
import Testing

@testable import BPFDatapath

@Suite struct CounterNameTests {
    private func members(_ prefix: String) throws -> [String] {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let header = try #require(FileText.read(root + "/bpf/include/egress_abi_counts.h"))
        return header.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count > 2, words[0].hasPrefix(prefix), words[1] == "=" else { return nil }
            return String(words[0].dropFirst(prefix.count)).lowercased()
        }
    }

    @Test func `every reason of the header has its name`() throws {
        try #expect(CounterNames.drops.map(\.name) == members("EGRESS_DROP_").filter { $0 != "none" })
    }

    @Test func `every other counter of the header has its name`() throws {
        try #expect(CounterNames.counts.map(\.name) == members("EGRESS_COUNT_"))
    }
}
