import ArgumentParser
import EgressModel
import EgressPolicy

struct ExplainPolicyCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say who leaves by a policy: its pods by node, its gateways, what it lost to other policies, what is in force.",
        discussion: """
            # Who leaves by it?
            kubectl egress explain policy egress-sample

            # Every pod, and what each one's traffic has
            kubectl egress explain policy egress-sample -o wide
            """,
        aliases: ["policies", "cegp"])

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "NAME")) var names: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        guard let name = names.first, names.count == 1 else {
            throw CommandError.usage("explain policy takes one name, \(names.count) were given", of: "kubectl egress explain policy")
        }
        let cluster = try environment.cluster(global)
        let snapshot = try await environment.snapshot(of: cluster)
        guard let object = snapshot.policies.first(where: { $0.metadata.name == name }) else {
            throw Self.missing(name, in: snapshot)
        }
        let effective = environment.effectivePolicy(of: snapshot)
        try environment.render(
            PolicyUseReport(object, snapshot: snapshot, effective: effective, now: environment.moment(of: snapshot)), as: format,
            showsNamespaces: global.allNamespaces)
        return 0
    }

    private static func missing(_ name: String, in snapshot: ClusterSnapshot) -> CommandError {
        if let unread = snapshot.unread(.policy) {
            return CommandError("policies can't be read: \(unread.reason)", hints: ["[\(unread.code)]"])
        }
        let there = snapshot.policies.map(\.metadata.name).sorted()
        let near = suggestions(for: name, among: there)
        return .notFound(
            "ciliumegressgatewaypolicies.cilium.io", name,
            hints: [near.isEmpty ? "policies: \(namesInWords(there))" : "there is \(namesInWords(near))"])
    }
}
