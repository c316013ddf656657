// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc

/// Makes our VXLAN device be there. In shell:
///
///     ip link add egw0 mtu 65485 type vxlan external dstport 8474 nolearning
///     ip link set egw0 arp off addrgenmode none up
///     sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.egw0.forwarding=1 net.ipv4.conf.egw0.rp_filter=2
///
/// `external`: the tunnel's other end and identifier come with each packet, from a program (IFLA_VXLAN_COLLECT_METADATA).
struct TunnelSetup {
    var name: String
    var port: UInt16
    var procSys = Sysctl.standardRoot

    /// Nearly the largest IP packet: the programs decide what fits the way, the device must not.
    static let mtu = 65_485
    /// Ethernet 14, IPv4 20, UDP 8, VXLAN 8 (RFC 7348).
    static let overhead = 50

    func ensure(_ socket: NetlinkSocket) throws -> TunnelDevice {
        var links = try socket.links()
        if let existing = links.first(where: { $0.name == name }), try !fits(existing) {
            try socket.change(deletion(existing.index))
            links.removeAll { $0.index == existing.index }
        }
        if links.contains(where: { $0.name == name }) {
            try bringUp(socket, others: links)
        } else {
            try create(socket, others: links)
        }
        guard let device = try socket.links().first(where: { $0.name == name }) else {
            throw HostNetworkError("\(name) is gone as soon as it was made", hint: "does something else delete it?")
        }
        return TunnelDevice(index: device.index, innerMTU: try innerMTU(socket, links))
    }

    /// Whether a device of our name can stay; throws when it isn't ours to replace.
    private func fits(_ link: LinkMessage) throws -> Bool {
        guard link.kind == "vxlan" else {
            let kind = link.kind.isEmpty ? "hardware" : link.kind
            throw HostNetworkError("\(name) is there already and is a \(kind) device, not our tunnel", hint: "rename it")
        }
        return try link.vxlanPort() == port && link.isMetadataVXLAN() && !link.learns()
    }

    private func create(_ socket: NetlinkSocket, others: [LinkMessage]) throws {
        do throws(NetlinkError) {
            try socket.change(creation())
        } catch {
            throw conflict(error, others, "can't make the tunnel device \(name)")
        }
        do {
            try bringUp(socket, others: others)
        } catch {
            if let made = try socket.links().first(where: { $0.name == name }) { try socket.change(deletion(made.index)) }
            throw error
        }
    }

    /// Sysctls before the device is up, so that no packet passes by the rules of before, and IPv6 makes no address of its own.
    private func bringUp(_ socket: NetlinkSocket, others: [LinkMessage]) throws {
        let noAddresses = sysctl("net/ipv6/conf/\(name)/addr_gen_mode")
        if try noAddresses.value() != nil { try noAddresses.set("1") }
        try sysctl("net/ipv4/ip_forward").set("1")
        try sysctl("net/ipv4/conf/\(name)/forwarding").set("1")
        try sysctl("net/ipv4/conf/\(name)/rp_filter").set(try reversePathFilter(socket))
        guard let device = try socket.links().first(where: { $0.name == name }) else { return }
        if device.isUp, device.isARPLess, device.mtu == Self.mtu { return }
        do throws(NetlinkError) {
            try socket.change(raising(device.index))
        } catch {
            throw conflict(error, others, "can't bring the tunnel device \(name) up")
        }
    }

    /// Strict checking drops what comes from the Internet through the tunnel, and the larger of `all` and the device's counts:
    /// hence loose. But loose wants some route to the remote, and a node among IPv6 nodes may have none: there it is off,
    /// unless `all` is on and nothing helps. Our program has judged the packet by then.
    private func reversePathFilter(_ socket: NetlinkSocket) throws -> String {
        guard try sysctl("net/ipv4/conf/all/rp_filter").value() == "0" else { return "2" }
        return try socket.defaultRouteDevice(.ipv4) == nil ? "0" : "2"
    }

    private func sysctl(_ path: String) -> Sysctl { Sysctl(path: path, root: procSys) }

    /// The kernel says EADDRINUSE for another socket, EEXIST for another `external` device on the port.
    private func conflict(_ error: NetlinkError, _ others: [LinkMessage], _ what: String) -> HostNetworkError {
        guard error.errno == EADDRINUSE || error.errno == EEXIST else {
            return HostNetworkError("\(what): \(error)", hint: "the helper needs CAP_NET_ADMIN, and the kernel VXLAN")
        }
        let other = others.first { $0.name != name && (try? $0.vxlanPort()) == port }
        let owner = other.map { "the device \($0.name)" } ?? "another socket"
        return HostNetworkError("\(what): \(owner) uses UDP port \(port)", hint: "give the tunnel another port")
    }

    /// Largest inner packet without outer fragments under IPv4: by the default route's device, or, where there is none, by the
    /// smallest one that holds a global address.
    private func innerMTU(_ socket: NetlinkSocket, _ links: [LinkMessage]) throws -> Int {
        let route = try socket.defaultRouteDevice(.ipv4) ?? socket.defaultRouteDevice(.ipv6)
        if let index = route, let link = links.first(where: { $0.index == index }) {
            return max(0, link.mtu - Self.overhead)
        }
        let addressed = Set(try socket.addresses().filter(\.isGlobalScope).map(\.index))
        let smallest = links.filter { $0.isUp && addressed.contains($0.index) && $0.name != name }.map(\.mtu).min()
        return max(0, (smallest ?? 1500) - Self.overhead)
    }
}

extension TunnelSetup {
    private func creation() -> NetlinkRequest {
        var request = NetlinkRequest(Int(RTM_NEWLINK), flags: Int(NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK), ifinfomsg())
        request.add(Int(IFLA_IFNAME), text: name)
        request.add(Int(IFLA_MTU), number: UInt32(Self.mtu))
        request.add(Int(IFLA_LINKINFO)) { info in
            info.add(Int(IFLA_INFO_KIND), text: "vxlan")
            info.add(Int(IFLA_INFO_DATA)) { data in
                data.add(Int(IFLA_VXLAN_COLLECT_METADATA), number: UInt8(1))
                data.add(Int(IFLA_VXLAN_LEARNING), number: UInt8(0))
                data.add(Int(IFLA_VXLAN_PORT), number: port.bigEndian)
            }
        }
        return request
    }

    private func raising(_ index: Int) -> NetlinkRequest {
        let flags = UInt32(IFF_UP | IFF_NOARP)
        let head = ifinfomsg(
            ifi_family: 0, __ifi_pad: 0, ifi_type: 0, ifi_index: Int32(clamping: index), ifi_flags: flags, ifi_change: flags)
        var request = NetlinkRequest(Int(RTM_NEWLINK), flags: Int(NLM_F_ACK), head)
        request.add(Int(IFLA_MTU), number: UInt32(Self.mtu))
        return request
    }

    private func deletion(_ index: Int) -> NetlinkRequest {
        var head = ifinfomsg()
        head.ifi_index = Int32(clamping: index)
        return NetlinkRequest(Int(RTM_DELLINK), flags: Int(NLM_F_ACK), head)
    }
}

extension LinkMessage {
    /// `nil` for a device of another kind.
    func vxlanPort() throws(NetlinkError) -> UInt16? {
        guard kind == "vxlan", let port = details.last(Int(IFLA_VXLAN_PORT)) else { return nil }
        return UInt16(bigEndian: try port.number(UInt16.self))
    }

    func isMetadataVXLAN() throws(NetlinkError) -> Bool {
        try details.last(Int(IFLA_VXLAN_COLLECT_METADATA))?.number(UInt8.self) == 1
    }

    func learns() throws(NetlinkError) -> Bool {
        try details.last(Int(IFLA_VXLAN_LEARNING))?.number(UInt8.self) == 1
    }
}
