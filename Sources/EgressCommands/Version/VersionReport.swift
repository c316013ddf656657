import EgressModel
import EgressPlan
import JSONText

/// The versions at both ends.
struct VersionReport: CommandResult {
    var server: String?
    /// Of `--socket`.
    var helper: HelperStatus?
    /// Those that reported a helper.
    var nodes: [EgressNode] = []
    let findings: [Finding] = []
    let names: [String] = []

    /// One version of helpers, and the nodes that have it.
    private struct Group: Hashable {
        var version: HelperVersion
        var nodes: [String]
    }

    private var groups: [Group] {
        let known = nodes.compactMap { node in node.helper.map { (node.name, $0) } }
        return Dictionary(grouping: known) { $0.1 }.map { Group(version: $0, nodes: $1.map(\.0).sorted()) }
            .sorted {
                ($0.version.version, $0.version.datapath, $0.version.abi) < ($1.version.version, $1.version.datapath, $1.version.abi)
            }
    }

    var json: JSONValue {
        [
            "client": ["version": .string(ProductVersion.current)],
            "server": server.map { ["version": .string($0)] } ?? nil,
            "helper": helper.map { status in
                [
                    "version": .string(status.helper.version), "node": .string(status.node), "abi": JSONValue(status.helper.abi),
                    "datapath": .string(status.helper.datapath), "revision": JSONValue(status.revision),
                    "uptimeSeconds": JSONValue(status.uptimeSeconds),
                ]
            } ?? nil,
            "helpers": .array(
                groups.map { group in
                    [
                        "version": .string(group.version.version), "abi": JSONValue(group.version.abi),
                        "datapath": .string(group.version.datapath), "nodes": .array(group.nodes.map { .string($0) }),
                    ]
                }),
        ]
    }

    func text(_ layout: TextLayout) -> String {
        var lines = ["Client Version: \(ProductVersion.current)"]
        if let server { lines.append("Server Version: \(server)") }
        if let helper {
            lines.append(
                "Helper Version: \(helper.helper.version) on \(helper.node) (datapath \(helper.helper.datapath), abi \(helper.helper.abi))")
        }
        for group in groups {
            let place = group.nodes.count == 1 ? group.nodes.joined() : counted(group.nodes.count, "node", "nodes")
            lines.append(
                "Helper Version: \(group.version.version) on \(place) (datapath \(group.version.datapath), abi \(group.version.abi))")
        }
        return lines.map { plainText($0) + "\n" }.joined()
    }
}
