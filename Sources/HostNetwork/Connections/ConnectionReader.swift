// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc

/// Where a pod's open connections are read from when a policy first claims it.
public enum ConnectionSource: String, Sendable, Hashable, CaseIterable {
    /// From conntrack; where that can't be read or tracks nothing, from the pod's sockets.
    case auto
    case conntrack
    /// From the sockets in the pod's network namespace, which the helper enters: CAP_SYS_ADMIN.
    case sockets
    /// Nowhere: connections that are open when a policy claims their pod end.
    case none
}

/// Reads the connections that pods have open at this moment.
struct ConnectionReader {
    var source: ConnectionSource
    var namespaces = PodNamespaces()

    func read(_ pods: [PodDevice]) -> OpenConnections {
        switch source {
        case .none: return OpenConnections()
        case .sockets: return sockets(pods, unless: nil)
        case .auto, .conntrack:
            let addresses = Set(pods.flatMap(\.addresses))
            do throws(NetlinkError) {
                let (connections, tracked) = try NetlinkSocket(NETLINK_NETFILTER).trackedConnections(of: addresses)
                if tracked > 0 { return OpenConnections(connections: connections) }
                return otherwise(pods, "conntrack tracks no connection on this node")
            } catch {
                return otherwise(pods, "conntrack can't be read: \(error)")
            }
        }
    }

    private func otherwise(_ pods: [PodDevice], _ reason: String) -> OpenConnections {
        if source == .auto { return sockets(pods, unless: reason) }
        return OpenConnections(unread: Dictionary(pods.map { ($0.index, reason) }) { first, _ in first })
    }

    /// - Parameter reason: why conntrack wasn't enough, for the pods whose sockets can't be read either.
    private func sockets(_ pods: [PodDevice], unless reason: String?) -> OpenConnections {
        var result = OpenConnections()
        for pod in pods {
            do {
                result.connections += try sockets(pod)
            } catch {
                result.unread[pod.index] = (reason.map { "\($0); " } ?? "") + "the pod's sockets can't be read: \(error)"
            }
        }
        return result
    }

    private func sockets(_ pod: PodDevice) throws -> [LiveConnection] {
        let netlink = try NetlinkSocket()
        guard let number = try netlink.links().first(where: { $0.index == pod.index })?.namespaceOfPeer else {
            throw HostNetworkError("interface \(pod.index) leads to no other network namespace")
        }
        let descriptor = try namespaces.open(number: number, netlink)
        defer { close(descriptor) }
        let inside = try NetlinkSocket { () throws(NetlinkError) in
            let socket = egress_socket_in_namespace(descriptor, AF_NETLINK, Int32(SOCK_RAW.rawValue), NETLINK_SOCK_DIAG)
            guard socket >= 0 else { throw .system(call: "setns (it needs CAP_SYS_ADMIN)", errno: -socket) }
            return socket
        }
        return try inside.openSockets(of: Set(pod.addresses))
    }
}
