// SPDX-License-Identifier: Apache-2.0
import CEgressShims
public import EgressModel
public import EgressPlan
public import EgressPorts
import Glibc

/// The node's network by rtnetlink, /proc/sys and nft, as the calling thread's network namespace has it.
///
/// Needs CAP_NET_ADMIN; with CAP_NET_BROADCAST too, an address inside a pod is news at once instead of within a second.
/// Makes sure of `net.ipv4.ip_forward=1`.
public struct HostNetwork: HostNetworking {
    private let tunnelName: String
    let nft: String
    let connectionSource: ConnectionSource
    private let procSys: String
    private let forward: ForwardReader

    /// - Parameters:
    ///   - tunnelName: of our VXLAN device; at most 15 bytes.
    ///   - nft: absolute path of nftables' program; `nil`: where distributions have it.
    ///   - procSys: where the kernel's parameters are; a folder that can be written where /proc/sys can't.
    ///   - connections: where a pod's open connections are read from.
    public init(
        tunnelName: String = "egw0", nft: String? = nil, procSys: String = "/proc/sys", connections: ConnectionSource = .auto
    ) {
        self.tunnelName = tunnelName
        self.nft = nft ?? Command.find("nft")
        self.procSys = procSys
        forward = ForwardReader(nft: self.nft)
        connectionSource = connections
    }

    public func facts() throws -> HostFacts {
        var facts = try named("can't read the node's interfaces") { try NetlinkSocket().hostFacts() }
        facts.forward = forward.policies()
        facts.steering = SteeringFact(annotation: nil, flag: .auto, forward: facts.forward)
        return facts
    }

    public func changes() -> AsyncStream<Void> { ChangeWatcher.changes(forward: forward) }

    public func ensureTunnel(port: UInt16) throws -> TunnelDevice {
        try named("can't make sure of the tunnel device \(tunnelName)") {
            try TunnelSetup(name: tunnelName, port: port, procSys: procSys).ensure(NetlinkSocket())
        }
    }

    public func setNetfilter(_ rules: NetfilterRules) throws {
        let nft = Command(path: nft, arguments: ["-f", "-"])
        let script = try netfilterScript(rules)
        do {
            try nft.run(input: script)
        } catch {
            // Another version's chains can't be changed into ours. Replacing the table ends the connections that its guard let on.
            try nft.run(input: "table \(netfilterTable)\ndelete table \(netfilterTable)\n" + script)
        }
    }

    public func setStackRoutes(_ routes: StackRoutes?) throws {
        try named("can't \(routes == nil ? "take away" : "make sure of") the rule and the route to the tunnel device") {
            try StackRouting(tunnelName: tunnelName, procSys: procSys).set(routes, NetlinkSocket())
        }
    }

    public func loosenTracking(of pods: Set<IPAddress>) throws {
        try named("can't loosen the tracking of connections that change their way") {
            try NetlinkSocket(NETLINK_NETFILTER).loosenConnections(of: pods)
        }
    }

    public func reservePorts(_ ports: ClosedRange<UInt16>) throws {
        let sysctl = Sysctl(path: "net/ipv4/ip_local_reserved_ports", root: procSys)
        let text = try sysctl.value() ?? ""
        guard var reserved = ReservedPorts(text) else {
            throw HostNetworkError("net.ipv4.ip_local_reserved_ports is '\(text)', which is no list of ports")
        }
        reserved.insert(ports)
        try sysctl.set(reserved.text)
    }

    func named<T>(_ what: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as NetlinkError {
            let mayNot = error.errno == EPERM || error.errno == EACCES
            throw HostNetworkError("\(what): \(error)", hint: mayNot ? "the helper needs CAP_NET_ADMIN" : nil)
        }
    }
}
