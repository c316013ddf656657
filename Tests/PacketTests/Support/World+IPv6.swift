import EgressModel
import EgressPlan
import EgressPolicy
import TestKit

extension World {
    private static let routes6 = """
        addr add 2001:db8:18::2/64 dev up0 nodad
        addr add 2001:db8:113::10/128 dev lo nodad
        route add fd00:1::5/128 dev pod0
        neigh add 2001:db8:18::1 lladdr 02:00:5e:00:00:01 dev up0
        route add default via 2001:db8:18::1 dev up0
        route add blackhole 2001:db8:dead::/48

        """

    private static let cluster6: [(String, InClusterRange.Kind)] = [
        ("fd00:1::/48", .pod), ("fd00:96::/112", .service), ("2001:db8:18::/64", .node), ("fe80::/10", .local), ("ff00::/8", .local),
    ]

    /// The same world for IPv6 beside IPv4: see ``Cast``.
    func addIPv6() throws {
        try FileText.write("1", to: "/proc/sys/net/ipv6/conf/all/forwarding")
        try Command.run(["ip", "-6", "-batch", "-"], input: Self.routes6)
        let cast = try Cast.of(.ipv6)
        for (text, kind) in Self.cluster6 { try IPPrefix(text).map { try execute(.setClusterRange($0, kind)) } }
        try execute(
            .setPod(
                interfaceIndex: podIndex, PodRecord(ipv4: Role.pod, ipv6: cast.pod, set: Role.set, deliverIndex: podIndex)))
        let record = NodeRecord(podNetwork: IPPrefix("10.1.1.0/24"), podNetwork6: IPPrefix("fd00:1:0:1::/64"))
        try execute(.setNode(Role.otherNode, record))
        let choice = GatewayChoice(onNoGateway: .drop, ranked: [.init(entry: Role.remoteEntry, gateway: Role.otherNode)])
        try execute(.setChoice(ChoiceKey(interfaceIndex: podIndex, policy: Role.policy, family: .ipv6), choice))
        try execute(
            .setEntry(
                id: Role.localEntry,
                EntryRecord(
                    egressIPv4: [Role.egress], egressIPv6: [cast.egress], set: Role.set, interfaceIndex: nil, policy: Role.policy,
                    keptPorts: 1024...65535, portSlice: 32768...65535, isShared: false)))
        try execute(.setEgressAddress(cast.egress, EgressAddressRecord(isShared: false)))
        try execute(.setEgressAddress(cast.sharedEgress, EgressAddressRecord(isShared: true)))
        try endAdoption()
    }
}
