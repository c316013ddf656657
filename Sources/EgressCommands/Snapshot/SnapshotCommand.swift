import ArgumentParser
import EgressModel
import EgressPorts
import JSONText
import KubeObjects

struct SnapshotCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Print the cluster as manifests: what egress reads of it, for a support file that --snapshot takes.",
        discussion: """
            # A file to look at later, or elsewhere
            kubectl egress snapshot > cluster.jsonl
            kubectl egress status --snapshot cluster.jsonl

            # To read oneself
            kubectl egress snapshot -o yaml
            """)

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: .shortAndLong, help: "Output format: json, one object a line, or yaml.", completion: .list(["json", "yaml"]))
    var output: String?

    /// Objects as they come, so that a cluster of any size passes through little memory.
    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml], templates: false)
        let cluster = try environment.cluster(global)
        let snapshot = try await cluster.withNetworkPolicies(environment.snapshot(of: cluster), namespace: nil)
        environment.noteUnread(snapshot.unread.filter(\.kind.isOfConnections))
        var pending = ""
        // A copy of a copy keeps the moment of the first.
        if snapshot.takenAt == nil {
            let header = SnapshotHeader(
                takenAt: rfc3339(secondsSinceEpoch: environment.clock.secondsSinceEpoch()), server: cluster.source,
                unread: snapshot.unread + snapshot.mesh.unread)
            pending = format == .yaml ? header.json.yamlText : header.json.text() + "\n"
        }
        var count = 0
        for try await manifest in cluster.manifests() {
            pending +=
                format == .yaml
                ? (count == 0 && snapshot.takenAt != nil ? "" : "---\n") + (try JSONValue(parsing: manifest)).yamlText : manifest + "\n"
            count += 1
            if pending.utf8.count >= Self.portion {
                environment.standardOutput(pending)
                pending = ""
            }
        }
        environment.standardOutput(pending)
        if environment.terminal.isError, !environment.terminal.isOutput {
            environment.note("\(counted(count, "object", "objects")) written")
        }
        return 0
    }

    /// Octets that are written at once.
    private static let portion = 65536
}
