/// One label, put on an object or taken off.
public struct LabelEdit: Sendable, Hashable {
    public var key: String
    /// `nil` takes it off.
    public var value: String?

    public init(key: String, value: String?) {
        self.key = key
        self.value = value
    }
}

extension ClusterSnapshot {
    /// This cluster with other labels on one pod. A pod that isn't there changes nothing.
    public func with(_ edits: [LabelEdit], onPod name: String, in namespace: String) -> ClusterSnapshot {
        var result = self
        for index in result.pods.indices where result.pods[index].name == name && result.pods[index].namespace == namespace {
            for edit in edits { result.pods[index].metadata.labels[edit.key] = edit.value }
        }
        return result
    }

    /// This cluster with a node that is gone: not Ready, and silent. Its pods stay where they are, as their owners take minutes
    /// to make others.
    /// - Parameter lastReport: RFC 3339 in UTC: when the node reported for the last time.
    public func withNodeDown(_ name: String, lastReport: String) -> ClusterSnapshot {
        var result = self
        for index in result.nodes.indices where result.nodes[index].name == name { result.nodes[index].isReady = false }
        for index in result.egressNodes.indices where result.egressNodes[index].name == name {
            // A report that never was is no report that has grown old.
            if let reported = result.egressNodes[index].reportedAt { result.egressNodes[index].reportedAt = min(reported, lastReport) }
        }
        return result
    }
}
