import ArgumentParser
import EgressModel
import EgressPolicy

struct ExplainGatewayCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Say how the pods behind a Gateway leave (Gateway API, Istio).",
        discussion: """
            # By which address do connections leave that this gateway opens?
            kubectl egress explain gateway istio-system/istio-egressgateway

            # One destination
            kubectl egress explain gateway waypoint -n istio-egress --to 192.88.99.80:443
            """,
        aliases: ["gateways", "gtw", "gw"])

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(help: "The destination: HOST[:PORT[/PROTO]].") var to: String?
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "[NAMESPACE/]NAME")) var names: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        guard let word = names.first, names.count == 1 else {
            throw CommandError.usage("explain gateway takes one name, \(names.count) were given", of: "kubectl egress explain gateway")
        }
        let text = try to.map { value throws(CommandError) in try DestinationText(value) }
        let cluster = try environment.cluster(global)
        let (namespace, name) = try Self.parts(word, namespace: global.namespace(in: cluster), isGiven: global.onlyNamespace != nil)
        let snapshot = try await environment.snapshot(of: cluster)
        let gateway = try GatewayLookup(snapshot).find(name, namespace: namespace)
        let effective = environment.effectivePolicy(of: snapshot)
        let found = GatewayPods(of: gateway, in: snapshot)
        var pods: [PodExplanation] = []
        for pod in found.pods {
            let destination = try await text.asyncMap { try await environment.resolve($0, for: pod) }
            let explanation = explain(pod, to: destination?.asked, host: destination?.name, in: effective, of: snapshot)
            pods.append(PodExplanation(explanation, to: destination, in: effective))
        }
        try environment.render(GatewayReport(gateway: gateway, found: found, pods: pods, unread: snapshot.unread(.pod)), as: format)
        return 0
    }

    private static func parts(_ word: String, namespace: String, isGiven: Bool) throws(CommandError) -> (namespace: String, name: String) {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return (namespace, word)
        case 2 where !parts[0].isEmpty && !parts[1].isEmpty:
            guard !isGiven || parts[0] == namespace else {
                throw CommandError(
                    "\(plainText(word)) is not in namespace \(plainText(namespace)) (-n)", hints: ["leave one of the two out"])
            }
            return (parts[0], parts[1])
        default: throw CommandError("\"\(plainText(word))\" is not a gateway's name", hints: ["NAME, or NAMESPACE/NAME"])
        }
    }
}

/// Gateways by name.
struct GatewayLookup {
    let snapshot: ClusterSnapshot

    init(_ snapshot: ClusterSnapshot) { self.snapshot = snapshot }

    /// Of two APIs that both have one of that name, the one that has pods, the Gateway API's first.
    func find(_ name: String, namespace: String) throws(CommandError) -> GatewayObject {
        let found = snapshot.mesh.gateways.filter { $0.name == name && $0.namespace == namespace }
            .sorted { $0.api.rawValue < $1.api.rawValue }
        if let gateway = found.first(where: { GatewayPods(of: $0, in: snapshot).way != nil }) ?? found.first { return gateway }
        if let unread = snapshot.mesh.unread.first {
            // The label on its pods may say enough.
            let guessed = GatewayObject(
                api: .gatewayAPI, metadata: ObjectMetadata(name: name, namespace: namespace, uid: ""), className: nil)
            guard GatewayPods(of: guessed, in: snapshot).way == nil else { return guessed }
            throw CommandError("gateways can't be read: \(plainText(unread.reason)) [\(unread.code)]")
        }
        throw missing(name, namespace)
    }

    private func missing(_ name: String, _ namespace: String) -> CommandError {
        let all = snapshot.mesh.gateways
        let elsewhere = Set(all.filter { $0.name == name }.map(\.namespace)).sorted()
        let there = Set(all.filter { $0.namespace == namespace }.map(\.name)).sorted()
        let near = suggestions(for: name, among: there)
        let hint =
            if all.isEmpty {
                "this cluster has no Gateways, neither of gateway.networking.k8s.io nor of networking.istio.io"
            } else if !elsewhere.isEmpty {
                "namespace \(namespace) has none of that name; there is one in: \(namesInWords(elsewhere))"
            } else if !near.isEmpty {
                "in namespace \(namespace): \(namesInWords(near))"
            } else if !there.isEmpty {
                "gateways of namespace \(namespace): \(namesInWords(there))"
            } else {
                "there are: \(namesInWords(Set(all.map { "\($0.namespace)/\($0.name)" }).sorted()))"
            }
        return .notFound("gateways", name, hints: [hint])
    }
}
