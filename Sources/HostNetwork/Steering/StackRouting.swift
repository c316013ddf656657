// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import EgressPlan
import Glibc

/// Leads marked packets through the stack into the tunnel device, for both families. In shell:
///
///     ip address add 169.254.84.74/32 dev egw0 scope host
///     ip rule add fwmark 0x1000/0x1000 lookup 8474 priority 84
///     ip route add default dev egw0 mtu 1450 table 8474
///     ip route add blackhole default metric 4278198272 table 8474
///
/// The second route is for the moment in which the device is gone: a marked packet must not fall through to the main table.
/// The address is nobody's: of a device without one the kernel takes no packet from beyond it, however loose its reverse path
/// filter is (`no_addr` in fib_validate_source of net/ipv4/fib_frontend.c), and answers come from the whole world.
struct StackRouting {
    var tunnelName: String
    var procSys: String

    static let table: UInt32 = 8474
    /// Before whatever a CNI has: AWS VPC CNI's first is 512, and Cilium's few below have marks of their own.
    static let priority: UInt32 = 84
    static let lastMetric: UInt32 = 4_278_198_272

    func set(_ routes: StackRoutes?, _ socket: NetlinkSocket) throws {
        for family in [AF_INET, AF_INET6] where try has(family) {
            if let routes {
                try prepare(family, routes.tunnelIndex, socket)
                try addRoutes(routes, family, socket)
                try setRules([rule(routes.mark)], family, socket)
            } else {
                try setRules([], family, socket)
                try removeRoutes(family, socket)
                try removeAddress(family, socket)
            }
        }
    }

    /// A kernel that was started without IPv6 has nothing to set.
    private func has(_ family: Int32) throws -> Bool {
        try family == AF_INET || Sysctl(path: "net/ipv6/conf/\(tunnelName)/disable_ipv6", root: procSys).value() != nil
    }

    /// IPv4 is forwarded already, see ``TunnelSetup``.
    private func prepare(_ family: Int32, _ tunnelIndex: Int, _ socket: NetlinkSocket) throws {
        guard family == AF_INET6 else { return try addAddress(tunnelIndex, socket) }
        try Sysctl(path: "net/ipv6/conf/\(tunnelName)/disable_ipv6", root: procSys).set("0")
        let forwarding = Sysctl(path: "net/ipv6/conf/all/forwarding", root: procSys)
        // Left alone where it isn't on: a router takes no router advertisements, and the node's own way may come by one.
        // Pods of such a node have no IPv6 beyond it anyway.
        guard try forwarding.value() == "1" else { return }
        try Sysctl(path: "net/ipv6/conf/\(tunnelName)/forwarding", root: procSys).set("1")
    }

    // MARK: The address

    private static let address = IPAddress(ipv4: 0xA9FE_544A)

    private func addAddress(_ tunnelIndex: Int, _ socket: NetlinkSocket) throws {
        do throws(NetlinkError) {
            try socket.change(addressRequest(Int(RTM_NEWADDR), tunnelIndex, flags: NLM_F_CREATE | NLM_F_EXCL))
        } catch {
            guard error.errno == EEXIST else { throw error }
        }
    }

    private func removeAddress(_ family: Int32, _ socket: NetlinkSocket) throws {
        guard family == AF_INET, let tunnel = try socket.links().first(where: { $0.name == tunnelName }) else { return }
        do throws(NetlinkError) {
            try socket.change(addressRequest(Int(RTM_DELADDR), tunnel.index, flags: 0))
        } catch {
            guard error.errno == EADDRNOTAVAIL || error.errno == ENODEV else { throw error }
        }
    }

    private func addressRequest(_ type: Int, _ index: Int, flags: Int32) -> NetlinkRequest {
        let head = ifaddrmsg(
            ifa_family: UInt8(clamping: AF_INET), ifa_prefixlen: 32, ifa_flags: 0, ifa_scope: UInt8(RT_SCOPE_HOST.rawValue),
            ifa_index: UInt32(clamping: index))
        var request = NetlinkRequest(type, flags: Int(flags | NLM_F_ACK), head)
        request.add(Int(IFA_LOCAL), Self.address)
        request.add(Int(IFA_ADDRESS), Self.address)
        return request
    }

    // MARK: The rule

    private func rule(_ mark: UInt32) -> RuleMessage {
        RuleMessage(priority: Self.priority, mark: mark, mask: mark, table: Self.table)
    }

    /// Whatever leads to our table at our priority and isn't wanted goes; an added one comes first.
    private func setRules(_ wanted: [RuleMessage], _ family: Int32, _ socket: NetlinkSocket) throws {
        var head = fib_rule_hdr()
        head.family = UInt8(clamping: family)
        let there = try socket.dump(NetlinkRequest(Int(RTM_GETRULE), flags: Int(NLM_F_DUMP), head)) { message throws(NetlinkError) in
            try RuleMessage(message).flatMap { $0.priority == Self.priority && $0.table == Self.table ? $0 : nil }
        }
        for rule in wanted where !there.contains(rule) {
            try socket.change(rule.request(Int(RTM_NEWRULE), family: family, flags: NLM_F_CREATE | NLM_F_EXCL))
        }
        for rule in there where !wanted.contains(rule) { try socket.change(rule.request(Int(RTM_DELRULE), family: family)) }
    }

    // MARK: The routes

    private func addRoutes(_ routes: StackRoutes, _ family: Int32, _ socket: NetlinkSocket) throws {
        let there = try listRoutes(family, socket)
        let mtu = mtu(routes, family)
        if !there.contains(where: { $0.device == routes.tunnelIndex && $0.isUnicast && $0.mtu == mtu }) {
            let wanted = route(Int(RTM_NEWROUTE), family, device: routes.tunnelIndex, mtu: mtu, flags: NLM_F_CREATE | NLM_F_REPLACE)
            try socket.change(wanted)
        }
        if !there.contains(where: { !$0.isUnicast }) {
            try socket.change(route(Int(RTM_NEWROUTE), family, device: nil, flags: NLM_F_CREATE | NLM_F_REPLACE))
        }
    }

    /// No IPv6 link takes less (RFC 8200, section 5).
    private static let leastMTU6: UInt32 = 1280

    private func mtu(_ routes: StackRoutes, _ family: Int32) -> UInt32 {
        let mtu = UInt32(clamping: routes.mtu)
        return mtu != 0 && family == AF_INET6 ? max(mtu, Self.leastMTU6) : mtu
    }

    private func removeRoutes(_ family: Int32, _ socket: NetlinkSocket) throws {
        for one in try listRoutes(family, socket) {
            do throws(NetlinkError) {
                try socket.change(route(Int(RTM_DELROUTE), family, device: one.isUnicast ? one.device : nil, flags: 0))
            } catch {
                // Gone in between, with its device.
                guard error.errno == ESRCH else { throw error }
            }
        }
    }

    private func listRoutes(_ family: Int32, _ socket: NetlinkSocket) throws(NetlinkError) -> [RouteMessage] {
        var head = rtmsg()
        head.rtm_family = UInt8(clamping: family)
        var request = NetlinkRequest(Int(RTM_GETROUTE), flags: Int(NLM_F_DUMP), head)
        request.add(Int(RTA_TABLE.rawValue), number: Self.table)
        do throws(NetlinkError) {
            return try socket.dump(request) { message throws(NetlinkError) in
                try RouteMessage(message).flatMap { $0.table == Self.table && $0.length == 0 ? $0 : nil }
            }
        } catch .refused(let code, _) where code == ENOENT {
            // The table was never made.
            return []
        }
    }

    private func route(_ type: Int, _ family: Int32, device: Int?, mtu: UInt32 = 0, flags: Int32) -> NetlinkRequest {
        var head = rtmsg()
        head.rtm_family = UInt8(clamping: family)
        head.rtm_protocol = type == Int(RTM_NEWROUTE) ? UInt8(RTPROT_STATIC) : 0
        let isLink = device != nil && family == AF_INET
        let scope = isLink ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
        head.rtm_scope = UInt8(clamping: type == Int(RTM_NEWROUTE) ? scope.rawValue : RT_SCOPE_NOWHERE.rawValue)
        head.rtm_type = UInt8(device == nil ? RTN_BLACKHOLE : RTN_UNICAST)
        var request = NetlinkRequest(type, flags: Int(flags | NLM_F_ACK), head)
        request.add(Int(RTA_TABLE.rawValue), number: Self.table)
        if let device {
            request.add(Int(RTA_OIF.rawValue), number: UInt32(clamping: device))
        } else {
            request.add(Int(RTA_PRIORITY.rawValue), number: Self.lastMetric)
        }
        if mtu != 0 { request.add(Int(RTA_METRICS.rawValue)) { $0.add(Int(RTAX_MTU), number: mtu) } }
        return request
    }
}
