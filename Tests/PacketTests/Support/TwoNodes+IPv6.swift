import BPFDatapath
import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

extension TwoNodes {
    /// Addresses and routes of IPv6 beside those of IPv4; who is who says ``Cast``.
    func wireIPv6() throws {
        let cast = try Cast.of(.ipv6)
        try gateway.ip(
            "addr add 2001:db8:100::2/64 dev ext0 nodad", "addr add \(cast.egress)/128 dev lo nodad",
            "route add \(cast.servers) via 2001:db8:100::1 dev ext0")
        try world.ip(
            "addr add 2001:db8:100::1/64 dev up0 nodad", "addr add \(cast.server)/128 dev lo nodad",
            "route add \(cast.egress)/128 via 2001:db8:100::2 dev up0")
        try pod.ip(
            "addr add \(podAddress6)/128 dev eth0 nodad", "route add default via fe80::1 dev eth0")
        try node.ip("addr add fe80::1/64 dev \(podDevice) nodad", "route add \(podAddress6)/128 dev \(podDevice)")
    }

    /// The same policy for IPv6, beside that for IPv4.
    func programIPv6() throws {
        let cast = try Cast.of(.ipv6)
        guard let everything = IPPrefix(cast.everything), let pods = IPPrefix("fd00:1::/48"), let theirs = IPPrefix("fd00:1:0:1::/64"),
            let link = IPPrefix("fe80::/10"), let multicast = IPPrefix("ff00::/8")
        else { throw TestKitError("no prefixes") }
        let rule = SetRule(prefix: everything, action: .gateway, policy: Role.policy)
        let ranges: [DatapathOperation] = [
            .setClusterRange(pods, .pod), .setClusterRange(link, .local), .setClusterRange(multicast, .local),
            .addRule(set: Role.set, rule),
        ]
        let entry = EntryRecord(
            egressIPv4: [Role.egress], egressIPv6: [cast.egress], set: Role.set, interfaceIndex: nil, policy: Role.policy,
            keptPorts: 1024...65535, portSlice: 32768...65535, isShared: false)
        let record = NodeRecord(podNetwork: IPPrefix("10.1.1.0/24"), podNetwork6: theirs)
        try gateway.inside {
            for step in ranges { try gatewayPath.execute(step) }
            try gatewayPath.execute(.setNode(Role.otherNode, record))
            try gatewayPath.execute(.setEntry(id: Role.localEntry, entry))
            try gatewayPath.execute(.setEgressAddress(cast.egress, EgressAddressRecord(isShared: false)))
        }
        let veth = try node.index("pod0")
        let pod = PodRecord(ipv4: podAddress, ipv6: podAddress6, set: Role.set, deliverIndex: try node.index(podDevice))
        let choice = GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.localEntry, gateway: Role.thisNode)])
        try node.inside {
            for step in ranges { try nodePath.execute(step) }
            try nodePath.execute(.setChoice(ChoiceKey(interfaceIndex: veth, policy: Role.policy, family: .ipv6), choice))
            try nodePath.execute(.setPod(interfaceIndex: veth, pod))
        }
    }
}
