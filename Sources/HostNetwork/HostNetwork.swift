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
    private let table = TableReader()

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
        let scripts = try netfilterScripts(rules)
        for script in scripts.dropLast() {
            if (try? nft.run(input: script)) != nil { return }
        }
        if let last = scripts.last { try nft.run(input: last) }
    }

    /// One after the other until the kernel takes one. It may not know sockets; and another version's chains can't be changed
    /// into ours: then the table is replaced, which ends the connections that its guard let on.
    private func netfilterScripts(_ rules: NetfilterRules) throws -> [String] {
        let whole = try netfilterScript(rules)
        let scripts = rules.shared.isEmpty ? [whole] : [whole, try netfilterScript(rules, knowsSockets: false)]
        return scripts + scripts.map { netfilterRemoval + $0 }
    }

    public func netfilterFingerprint() throws -> NetfilterFingerprint {
        try named("can't read the nft table \(netfilterTable)") { try table.fingerprint() }
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
