import EgressPlan
import Glibc

/// Somebody else on this node who steers the same policies' packets: Cilium, while its own egress gateway is on.
///
/// The cluster's configuration says so in the plan. A node whose agent may not read that is protected by what Cilium
/// leaves on the node itself: it pins the map of its egress policies by name, `cilium_egress_gw_policy_v4`, since 1.20
/// `…_v4_v2`, and `…_v6`, only while the feature is on.
public struct ForeignOwner: Sendable {
    /// Where Cilium pins maps, unless its `--bpf-root` says otherwise.
    public static let standardFolder = "/sys/fs/bpf/tc/globals"
    static let mapPrefix = "cilium_egress_gw_policy_"

    let folder: String

    public init(folder: String = Self.standardFolder) { self.folder = folder }

    /// Throws `foreign_owner` when the plan, or a pinned map of the node, says that policies have an owner already.
    func check(_ plan: NodePlan) throws(HelperError) {
        if let owner = plan.foreignOwner {
            throw Self.refusal("\(owner)", hint: "turn one of them off: cilium's egressGateway.enabled=false, or kubectl egress uninstall")
        }
        guard let map = pinnedMap() else { return }
        throw Self.refusal(
            "its map is pinned at \(folder)/\(map)",
            hint: "turn one of them off: cilium's egressGateway.enabled=false; where Cilium is gone, remove that file")
    }

    private static func refusal(_ evidence: String, hint: String) -> HelperError {
        HelperError(
            code: "foreign_owner",
            message: "Cilium's own egress gateway is on (\(evidence)): two owners of one policy, so the plan is not taken on", hint: hint)
    }

    /// A folder that isn't there has none.
    private func pinnedMap() -> String? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasPrefix(Self.mapPrefix) { return name }
        }
        return nil
    }
}
