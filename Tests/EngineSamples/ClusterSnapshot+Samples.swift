public import EgressModel
public import EgressPolicy

extension ClusterSnapshot {
    /// The cluster of `make demo`: `mediabot` on the client node, another one on the gateway, a bystander, a spare gateway.
    public static func sample(_ policies: EgressGatewayPolicy...) -> ClusterSnapshot {
        ClusterSnapshot(
            nodes: [
                .sample("node-1", "192.0.2.11", podCIDRs: ["10.244.1.0/24"]), .sample("node-2", "192.0.2.12", podCIDRs: ["10.244.2.0/24"]),
                .sample("node-3", "192.0.2.13", podCIDRs: ["10.244.3.0/24"]),
            ],
            namespaces: [.sample("default")],
            pods: [
                .sample("mediabot", ["org": "empire", "class": "mediabot"], at: "10.244.1.7"),
                .sample("mediabot-2", ["org": "empire", "class": "mediabot"], on: "node-2", at: "10.244.2.7"),
                .sample("bystander", at: "10.244.1.8"),
            ],
            policies: policies.map(\.object),
            egressNodes: [
                .sample("node-1", .sample("eth0", 2, "192.0.2.11/24")),
                .sample("node-2", .sample("eth0", 2, "192.0.2.12/24", "198.51.100.100/32")),
                .sample("node-3", .sample("eth0", 2, "192.0.2.13/24")),
            ])
    }

    /// The policy of the Cilium documentation, with an egress IP of the documentation range.
    public static let egressSample = EgressGatewayPolicy.sample(
        "egress-sample", pods: ["org": "empire", "class": "mediabot"], via: [.sample("node-2", .address("198.51.100.100"))])

    /// Every node's agent has announced what it can serve.
    public func announced(now: String? = nil, highestID: UInt32 = EntryAnnouncement.highestID) -> ClusterSnapshot {
        var snapshot = self
        for index in snapshot.egressNodes.indices {
            let announcement = resolveEntries(
                node: snapshot.egressNodes[index].name, in: snapshot, now: now, highestID: highestID)
            snapshot.egressNodes[index].resolutions = announcement.resolutions
            snapshot.egressNodes[index].lastEntryID = announcement.lastEntryID
            snapshot.egressNodes[index].restingIDs = announcement.resting
        }
        return snapshot
    }

    /// The same in another order.
    public func shuffled(using generator: inout some RandomNumberGenerator) -> ClusterSnapshot {
        var snapshot = self
        snapshot.nodes.shuffle(using: &generator)
        snapshot.namespaces.shuffle(using: &generator)
        snapshot.pods.shuffle(using: &generator)
        snapshot.services.shuffle(using: &generator)
        snapshot.policies.shuffle(using: &generator)
        snapshot.egressNodes.shuffle(using: &generator)
        snapshot.findings.shuffle(using: &generator)
        return snapshot
    }
}
