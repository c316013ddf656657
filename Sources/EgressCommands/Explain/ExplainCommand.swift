import ArgumentParser
import EgressModel
import EgressPolicy
import EgressPorts
import KubeObjects

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say how traffic leaves, why, and who leaves by what; explain codes.",
        discussion: """
            # How does a pod leave?
            kubectl egress explain pod mediabot -n default

            # By which address does it reach this destination?
            kubectl egress explain pod mediabot --to 203.0.113.80:443

            # Who leaves by this policy, and who by this address?
            kubectl egress explain policy egress-sample
            kubectl egress explain ip 203.0.113.100

            # What does this code mean, and what is to be done?
            kubectl egress explain code EG1203
            """,
        subcommands: [
            ExplainPodCommand.self, ExplainPolicyCommand.self, ExplainIPCommand.self, ExplainGatewayCommand.self, ExplainCodeCommand.self,
        ])
}

struct ExplainPodCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pod",
        abstract: "Say how a pod's traffic leaves: the verdict, each policy with the field that decided, and what is in force.",
        discussion: """
            # Every rule of the pod
            kubectl egress explain pod mediabot

            # One connection
            kubectl egress explain pod mediabot -n default --to 203.0.113.80:443/tcp

            # Would it leave by an egress IP with this label? With this policy?
            kubectl egress explain pod web --to 203.0.113.80 --what-if egress=yes
            kubectl egress explain pod web --to 203.0.113.80 --what-if -f web.yaml

            # A host's name is resolved where this command runs
            kubectl egress explain pod mediabot --to www.example.org:443 -o json

            # What the loaded programs do with such a packet, lookup by lookup
            kubectl egress explain pod mediabot --to 203.0.113.80:443 --trace

            # What Cilium does with the same policies
            kubectl egress explain pod mediabot --to 203.0.113.80 --as-cilium 1.18
            """,
        aliases: ["pods", "po"])

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @OptionGroup var whatIf: WhatIfOptions
    @Option(help: "The destination: HOST[:PORT[/PROTO]].") var to: String?
    @Option(help: ArgumentHelp(CiliumVersion.asCiliumHelp, valueName: "version"), completion: .list(CiliumVersion.known))
    var asCilium: String?
    @Option(
        help: ArgumentHelp(
            "Run a packet through the loaded programs of the pod's node, on copies of their maps, and show each lookup.",
            valueName: "[=true]"))
    var trace: Bool = false
    @Option(
        name: .shortAndLong, help: OutputFormat.help(.json, .yaml, .wide, .name),
        completion: OutputFormat.completion(.json, .yaml, .wide, .name))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "NAME")) var names: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml, .wide, .name])
        guard let name = names.first, names.count == 1 else {
            throw CommandError.usage("explain pod takes one name, \(names.count) were given", of: "kubectl egress explain pod")
        }
        let text = try to.map { value throws(CommandError) in try DestinationText(value) }
        let version = try asCilium.map { text throws(CommandError) in try CiliumVersion(asked: text) }
        try whatIf.check(takesLabels: true, of: "kubectl egress explain pod")
        if trace, to == nil { throw CommandError.usage("--trace needs --to HOST[:PORT[/PROTO]]", of: "kubectl egress explain pod") }
        let cluster = try environment.cluster(global, usesInput: whatIf.usesInput)
        let namespace = global.namespace(in: cluster)
        let present = try await completed(environment.snapshot(of: cluster), by: cluster, name, namespace: namespace)
        let supposed = SupposedPod(name: name, namespace: namespace)
        let snapshot = try await whatIf.suppose(present, of: cluster, pod: supposed, namespace: global.namespace, in: environment)
        let effective = environment.effectivePolicy(of: snapshot)
        let pod = try Self.find(name, namespace: namespace, in: effective)
        let destination = try await text.asyncMap { try await environment.resolve($0, for: pod) }
        let connections = try await connections(of: snapshot, in: cluster, namespace: namespace, environment, destination)
        let explanation = explain(pod, to: destination?.asked, host: destination?.name, in: effective, of: snapshot).judged(by: connections)
        var result = PodExplanation(explanation, to: destination, in: effective)
        result.asCilium = version.map {
            PodAsCilium(
                CiliumComparison(snapshot, effective, as: $0, only: explanation.pod.reference), explanation.pod, to: destination?.address)
        }
        if trace, let destination { result.trace = await environment.trace(pod, to: destination, global) }
        environment.noteCiliumInCharge(snapshot, asked: version)
        try environment.render(result, as: format)
        return 0
    }

    /// The snapshot with network policies, and with what was just found of the name that was asked for.
    private func connections(
        of snapshot: ClusterSnapshot, in cluster: any Cluster, namespace: String, _ environment: CommandEnvironment,
        _ destination: ResolvedDestination?
    ) async throws -> ClusterSnapshot {
        // What is supposed stands over what is read now.
        let supposed = snapshot.networkPolicies
        var snapshot = snapshot
        snapshot.networkPolicies = NetworkPolicyFacts()
        snapshot = try await cluster.withNetworkPolicies(snapshot, namespace: namespace)
        snapshot.networkPolicies = snapshot.networkPolicies.overlaid(by: supposed)
        environment.noteUnread(snapshot.unread.filter(\.kind.isOfConnections))
        if let destination, let name = destination.name {
            let addresses = [destination.address] + destination.others
            snapshot.networkPolicies.names.append(NamedAddresses(name: name, addresses: addresses, source: "resolved on this machine"))
        }
        return snapshot
    }

    /// The snapshot with the pod in it, where pods can't be listed: whoever may not list them may still get one by name.
    private func completed(_ snapshot: ClusterSnapshot, by cluster: any Cluster, _ name: String, namespace: String) async throws
        -> ClusterSnapshot
    {
        guard snapshot.lacks(.pod), !snapshot.pods.contains(where: { $0.name == name && $0.namespace == namespace }) else {
            return snapshot
        }
        let reference = ObjectReference(kind: "Pod", namespace: namespace, name: name)
        guard let text = try await cluster.object(reference, apiVersion: "v1"),
            case .pod(let pod)? = KubeReading(text, file: cluster.source, format: .json).documents.first?.decoded().object
        else { throw CommandError.notFound("pods", name, hints: ["namespace \(namespace) has none of that name (-n)"]) }
        var snapshot = snapshot
        snapshot.pods.append(pod)
        return snapshot
    }

    /// The pod, or the API server's words and where there is one of that name, or nearly.
    static func find(_ name: String, namespace: String, in effective: EffectivePolicy) throws(CommandError) -> Pod {
        let pods = effective.pods.map(\.pod)
        if let pod = pods.first(where: { $0.name == name && $0.namespace == namespace }) { return pod }
        let elsewhere = pods.filter { $0.name == name }.map(\.namespace).sorted()
        if !elsewhere.isEmpty {
            throw .notFound("pods", name, hints: ["namespace \(namespace) has none; there is one in: \(namesInWords(elsewhere)) (-n)"])
        }
        let near = pods.filter { $0.namespace == namespace && !suggestions(for: name, among: [$0.name]).isEmpty }.map(\.name).sorted()
        if !near.isEmpty { throw .notFound("pods", name, hints: ["in namespace \(namespace): \(namesInWords(near))"]) }
        let there = pods.filter { $0.namespace == namespace }.map(\.name).sorted()
        throw .notFound("pods", name, hints: ["pods of namespace \(namespace): \(namesInWords(there))"])
    }
}

extension CommandEnvironment {
    /// Resolves a name here; of its addresses the first of a family that the pod has.
    func resolve(_ text: DestinationText, for pod: Pod) async throws -> ResolvedDestination {
        switch text.host {
        case .address(let address):
            return ResolvedDestination(address: address, port: text.port, transport: text.transport)
        case .name(let name):
            let found = try await resolveHost(name)
            let families = Set(pod.addresses.map(\.family))
            guard let address = found.first(where: { families.contains($0.family) }) ?? found.first else {
                throw CommandError(
                    "--to \(plainText(name)): this machine's resolver knows no such host",
                    hints: ["the pod's resolver may know more than this machine's: give the address"])
            }
            return ResolvedDestination(
                address: address, port: text.port, transport: text.transport, name: name, others: found.filter { $0 != address })
        }
    }
}

extension Optional {
    func asyncMap<Result>(_ transform: (Wrapped) async throws -> Result) async rethrows -> Result? {
        if let self { try await transform(self) } else { nil }
    }
}
