// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan
import Glibc

extension NetlinkSocket {
    /// Everything that the helper tells of the node's network, read anew.
    func hostFacts() throws(NetlinkError) -> HostFacts {
        let links = try links()
        // Ours last, whatever the kernel's order: who takes an interface's first address means the node's own.
        let all = try addresses()
        let held = Dictionary(grouping: all.filter { !$0.isOurs } + all.filter(\.isOurs), by: \.index)
        let interfaces = links.map { HostInterface($0, addresses: held[$0.index, default: []].map(\.address)) }
        let names = Dictionary(links.map { ($0.index, $0.name) }) { first, _ in first }
        let ipv4 = try defaultRouteDevice(.ipv4)
        let ipv6 = try defaultRouteDevice(.ipv6)
        return HostFacts(
            interfaces: interfaces.sorted { $0.facts.index < $1.facts.index },
            defaultRoute: DefaultRoute(ipv4: ipv4.flatMap { names[$0] }, ipv6: ipv6.flatMap { names[$0] }),
            podDevices: try podDevices(links))
    }

    /// Host sides of veths whose other end is in another namespace and has an address.
    func podDevices(_ links: [LinkMessage]) throws(NetlinkError) -> [PodDevice] {
        var known: [Int32: [AddressMessage]] = [:]
        var devices: [PodDevice] = []
        for link in links.sorted(by: { $0.index < $1.index }) {
            guard let namespace = link.namespaceOfPeer, let peer = link.link else { continue }
            let inside: [AddressMessage]
            if let seen = known[namespace] { inside = seen } else { inside = try addressesInside(namespace) }
            known[namespace] = inside
            let addresses = inside.filter { $0.index == peer && $0.isGlobalScope }.map(\.address.address)
            guard !addresses.isEmpty else { continue }
            var deliver: Int?
            if let ipv4 = addresses.first(where: { $0.family == .ipv4 }) { deliver = try directDevice(ipv4) }
            devices.append(PodDevice(interface: link.name, index: link.index, addresses: addresses, deliverIndex: deliver))
        }
        return devices
    }

    /// None when the namespace went away while we were reading.
    private func addressesInside(_ namespace: Int32) throws(NetlinkError) -> [AddressMessage] {
        do throws(NetlinkError) {
            return try addresses(namespaceID: namespace)
        } catch .refused(let code, _) where code != EPERM && code != EACCES {
            return []
        }
    }
}

extension LinkMessage {
    /// The id of the namespace that the other end of a veth pair is in; `nil` for any other device.
    var namespaceOfPeer: Int32? {
        guard kind == "veth", let namespaceID, namespaceID >= 0 else { return nil }
        return namespaceID
    }
}

extension HostInterface {
    init(_ link: LinkMessage, addresses: [InterfaceAddress]) {
        self.init(
            facts: NetworkInterface(
                name: link.name, altNames: link.altNames, index: link.index, addresses: addresses, isUp: link.isUp),
            kind: link.kind, isLoopback: link.isLoopback, mtu: link.mtu, master: link.master)
    }
}
