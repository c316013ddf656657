import EgressModel

extension CommandEnvironment {
    /// The cluster with a node that has failed and that others have noticed to be gone. Throws in the API server's words where
    /// there is none of that name.
    func supposed(_ snapshot: ClusterSnapshot, withDown node: String) throws(CommandError) -> ClusterSnapshot {
        let names = snapshot.nodes.map(\.name).sorted()
        guard names.contains(node) else {
            let near = suggestions(for: node, among: names)
            throw .notFound("nodes", plainText(node), hints: ["nodes: " + namesInWords(near.isEmpty ? names : near)])
        }
        let silentSince = moment(of: snapshot) - 4 * NodeReport.period
        return snapshot.withNodeDown(node, lastReport: rfc3339(secondsSinceEpoch: silentSince))
    }
}
