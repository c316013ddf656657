import EgressModel
import EgressPlan
import EgressPorts

/// A node's helper that answers.
struct NodeHelper: Sendable {
    var node: String
    var helper: any HelperCalling
}

/// The helpers that a command asks, and what the cluster knows that they don't.
struct NodeHelpers: Sendable {
    var helpers: [NodeHelper] = []
    /// Helpers that don't answer.
    var findings: [Finding] = []
    /// Pods by address: a gateway's helper knows pods of other nodes by these alone.
    var pods: [IPAddress: ObjectReference] = [:]

    /// What is known of live data when there is nobody to ask.
    static func silence(_ node: String?, _ error: any Error) -> Finding {
        let line = (error as? HelperError)?.message ?? (error as? CommandError)?.lines.first ?? "\(error)"
        let reason = line.hasPrefix("error: ") ? String(line.dropFirst("error: ".count)) : line
        return Finding(
            .warning, .liveDataUnknown, object: node.map { ObjectReference(kind: "Node", name: $0) },
            message: "live data is unknown: \(reason)",
            hint: "run this on the node, or in its agent's container, or name the helper's socket with --socket")
    }

    func name(of pod: ObjectReference?, _ source: Endpoint?) -> String {
        if let known = pod ?? source.flatMap({ pods[$0.address] }) { return "\(known.namespace ?? "")/\(known.name)" }
        return source?.address.description ?? ""
    }

    func reference(of pod: ObjectReference?, _ source: Endpoint?) -> ObjectReference? { pod ?? source.flatMap { pods[$0.address] } }

    /// Of one pod.
    func addresses(ofPod name: String, namespace: String?) -> [IPAddress] {
        pods.filter { $0.value.name == name && (namespace == nil || $0.value.namespace == namespace) }.map(\.key).sorted()
    }

    func addresses(ofNamespace namespace: String) -> [IPAddress] { pods.filter { $0.value.namespace == namespace }.map(\.key).sorted() }
}

extension CommandEnvironment {
    /// Opens the helper of the node, or of every node of the cluster where `--socket` has `{node}` and no node is named.
    /// Throws when none answers.
    func nodeHelpers(_ global: GlobalOptions, node: String?) async throws -> NodeHelpers {
        var found = NodeHelpers()
        let snapshot = try await clusterIfAny(global)
        for pod in snapshot?.pods ?? [] where !pod.isHostNetwork {
            for address in pod.addresses { found.pods[address] = ObjectReference(kind: "Pod", namespace: pod.namespace, name: pod.name) }
        }
        let pattern = global.socket ?? AgentCommand.standardSocket
        let isOfEach = node == nil && pattern.firstRange(of: "{node}") != nil
        let nodes: [String?] = isOfEach ? (snapshot?.nodes ?? []).map(\.name).sorted() : [node]
        guard !nodes.isEmpty else { throw CommandError("--socket \(pattern): which nodes? no cluster says so; --node NAME names one") }
        for name in nodes {
            do {
                let helper = try await openHelper(try Self.socketPath(pattern, node: name))
                found.helpers.append(NodeHelper(node: try await helper.status().node, helper: helper))
            } catch {
                let finding = NodeHelpers.silence(name, error)
                guard isOfEach else {
                    throw CommandError("\(finding.message) [\(finding.code)]", hints: finding.hint.map { [$0] } ?? [])
                }
                found.findings.append(finding)
            }
        }
        guard !found.helpers.isEmpty else { throw CommandError("no node's helper answers [\(ReasonCode.liveDataUnknown)]") }
        return found
    }

    /// Names only make it easier to read: what can't be read is noted.
    private func clusterIfAny(_ global: GlobalOptions) async throws -> ClusterSnapshot? {
        do {
            return try await snapshot(of: try cluster(global))
        } catch let error as ClusterError {
            note("note: no server asked, so pods of other nodes are shown by address: \(error.message)")
            return nil
        }
    }
}

extension GlobalOptions {
    /// The namespace that connections are of; `nil`: any.
    func connectionNamespace(pod: String?) -> String? { onlyNamespace ?? (pod != nil && !allNamespaces ? "default" : nil) }
}

extension ConnectionOptions {
    func filter(_ global: GlobalOptions, _ helpers: NodeHelpers) throws(CommandError) -> ConnectionFilter {
        let namespace = global.connectionNamespace(pod: pod)
        let addresses =
            pod.map { helpers.addresses(ofPod: $0, namespace: namespace) } ?? namespace.map(helpers.addresses(ofNamespace:)) ?? []
        return try filter(namespace: namespace, addresses: addresses)
    }
}
