import EgressPlan
import Glibc

/// Connections that were open before a policy first claimed their pod.
extension LoadedDatapath {
    func setExempt(_ index: Int, _ connections: [LiveConnection]) throws {
        let (ifindex, now) = (try wireIndex(index, "the pod"), try coarseSeconds())
        try tables.ipv4.setExempt(connections, ifindex: ifindex, now: now)
        try tables.ipv6.setExempt(connections, ifindex: ifindex, now: now)
    }

    func forgetExempt(_ index: Int) throws {
        let ifindex = try wireIndex(index, "the pod")
        try tables.ipv4.forgetExempt(ifindex: ifindex)
        try tables.ipv6.forgetExempt(ifindex: ifindex)
    }

    func exemptConnections(of index: Int?) throws -> [LiveConnection] {
        let ifindex = try index.map { try wireIndex($0, "the pod") }
        return try tables.ipv4.exemptConnections(ifindex: ifindex) + tables.ipv6.exemptConnections(ifindex: ifindex)
    }
}
