// SPDX-License-Identifier: Apache-2.0
import TestKit
import Testing

/// How `plugins/spread` shares addresses out among named nodes.
@Suite(.requires(.lab))
struct SpreadShareTests {
    /// Owner of each address of `198.51.100.0/28` and its like, as the nodes themselves say it.
    private func owners(_ range: String, _ nodes: [String], most: Int = 16) throws -> [String: String] {
        let folder = try SpreadModule.folder()
        let table = try ModuleTable(folder.file("spread.so"))
        let list = nodes.map { "\"\($0)\"" }.joined(separator: ",")
        let config = #"{"ipv4":["\#(range)"],"interface":"eth0","claim":true,"most":\#(most),"nodes":[\#(list)]}"#
        var owners: [String: String] = [:]
        for node in nodes {
            let outcome = table.outcome(config, request: SpreadModule.request(config, node: node))
            for match in outcome.text.matches(of: /"([0-9.]+)"/) {
                let address = String(match.output.1)
                #expect(owners.updateValue(node, forKey: address) == nil, "\(address) has two owners")
            }
        }
        return owners
    }

    private func names(_ count: Int) -> [String] { (0..<count).map { "worker-\($0).example.net" } }

    @Test(arguments: [1, 2, 3, 5, 7, 13, 16, 20, 64])
    func `parts differ by one address at most, and none is left over`(count: Int) throws {
        let nodes = names(count)
        let owners = try owners("198.51.100.0/28", nodes)
        let sizes = nodes.map { node in owners.values.count { $0 == node } }
        #expect(owners.count == 16)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1, "\(sizes)")
    }

    @Test func `the order of the names doesn't matter`() throws {
        #expect(try owners("198.51.100.0/26", names(5)) == owners("198.51.100.0/26", names(5).reversed()))
    }

    /// The least that can move is a fifth, 12 or 13 addresses; cutting the range into pieces moves about 30.
    @Test func `a node that joins or leaves moves little beyond its own part`() throws {
        let four = try owners("198.51.100.0/26", names(4))
        let five = try owners("198.51.100.0/26", names(5))
        #expect(four.count == 64 && five.count == 64)
        let moved = four.count { five[$0.key] != $0.value }
        #expect((12...20).contains(moved), "\(moved) addresses moved")
    }

    @Test func `a cut part is the lowest of the whole one`() throws {
        let whole = try owners("198.51.100.0/27", names(3))
        let cut = try owners("198.51.100.0/27", names(3), most: 4)
        #expect(cut.count == 12)
        #expect(cut.allSatisfy { whole[$0.key] == $0.value })
    }
}
