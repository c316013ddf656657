// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel
import Glibc

/// RTM_NEWROUTE, as far as it matters here.
struct RouteMessage {
    /// Length of the destination's prefix; 0 is the default route.
    var length: Int
    var isUnicast: Bool
    var table: UInt32
    /// Lower wins.
    var metric: UInt32
    /// The device, of the first next hop where there are several.
    var device: Int?
    var hasGateway: Bool
    /// Octets of the largest packet; 0: as the device.
    var mtu: UInt32

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == Int(RTM_NEWROUTE) else { return nil }
        guard let head = message.payload.load(rtmsg.self) else { throw .malformed("a route without a header") }
        let attributes = try Attribute.parse(message.payload.dropFirst(MemoryLayout<rtmsg>.size))
        length = Int(head.rtm_dst_len)
        isUnicast = head.rtm_type == UInt8(RTN_UNICAST) && head.rtm_flags & UInt32(RTNH_F_DEAD) == 0
        table = try attributes.last(Int(RTA_TABLE.rawValue))?.number(UInt32.self) ?? UInt32(head.rtm_table)
        metric = try attributes.last(Int(RTA_PRIORITY.rawValue))?.number(UInt32.self) ?? 0
        device = try attributes.last(Int(RTA_OIF.rawValue)).map { attribute throws(NetlinkError) in Int(try attribute.number(UInt32.self)) }
        hasGateway = attributes.contains { $0.type == Int(RTA_GATEWAY.rawValue) || $0.type == Int(RTA_VIA.rawValue) }
        let metrics = try attributes.last(Int(RTA_METRICS.rawValue)).map { attribute throws(NetlinkError) in
            try Attribute.parse(attribute.value)
        }
        mtu = try metrics?.last(Int(RTAX_MTU))?.number(UInt32.self) ?? 0
        if device == nil, let hops = attributes.last(Int(RTA_MULTIPATH.rawValue)) {
            guard let hop = hops.value.load(rtnexthop.self) else { throw .malformed("a route without its next hop") }
            device = Int(hop.rtnh_ifindex)
            hasGateway = hasGateway || Int(hop.rtnh_len) > MemoryLayout<rtnexthop>.size
        }
    }
}

extension NetlinkSocket {
    /// Index of the device of the main table's default route with the lowest metric: `ip route list default`.
    func defaultRouteDevice(_ family: IPFamily) throws(NetlinkError) -> Int? {
        var head = rtmsg()
        head.rtm_family = UInt8(clamping: family == .ipv4 ? AF_INET : AF_INET6)
        head.rtm_table = UInt8(clamping: Int(RT_TABLE_MAIN.rawValue))
        let main = UInt32(RT_TABLE_MAIN.rawValue)
        do throws(NetlinkError) {
            let defaults = try dump(NetlinkRequest(Int(RTM_GETROUTE), flags: Int(NLM_F_DUMP), head)) { message throws(NetlinkError) in
                try RouteMessage(message).flatMap { $0.length == 0 && $0.isUnicast && $0.table == main && $0.device != nil ? $0 : nil }
            }
            return defaults.min { $0.metric < $1.metric }?.device
        } catch .refused(let code, _) where code == ENOENT || code == EAFNOSUPPORT {
            // A namespace whose table was never made, or a kernel without the family.
            return nil
        }
    }

    /// Index of the device that a packet to the address would be put on without a gateway; `nil` when the address isn't
    /// on a link of this node. `ip route get ADDRESS fibmatch`
    func directDevice(_ address: IPAddress) throws(NetlinkError) -> Int? {
        var head = rtmsg()
        head.rtm_family = UInt8(clamping: address.family == .ipv4 ? AF_INET : AF_INET6)
        head.rtm_dst_len = UInt8(clamping: address.family.bitWidth)
        head.rtm_flags = UInt32(RTM_F_FIB_MATCH)
        var request = NetlinkRequest(Int(RTM_GETROUTE), head)
        request.add(Int(RTA_DST.rawValue), address)
        do throws(NetlinkError) {
            guard let route = try RouteMessage(try ask(request)), route.isUnicast, !route.hasGateway, route.length > 0 else { return nil }
            return route.device
        } catch .refused(let code, _) where [ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL].contains(code) {
            // No route, or one that refuses: unreachable, prohibit, blackhole.
            return nil
        }
    }
}
