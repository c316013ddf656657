// SPDX-License-Identifier: Apache-2.0

extension Instance {
    /// The answer to a request of `egress_plugin.h`, as JSON.
    func answer(to request: UnsafePointer<CChar>) throws(Refusal) -> String {
        try JSON.parsing(request) { json throws(Refusal) in
            let interfaces = json["interfaces"].elements.filter(counts)
            if configuration.interface != nil, interfaces.isEmpty { throw noInterface() }
            let wanted = try wanted(json["families"])
            let found = configuration.claims ? try share(of: json["node"]["name"], wanted) : try held(by: interfaces, wanted)
            // Without a configured one the route decides: the address may be on lo.
            let interface = configuration.interface.flatMap { _ in interfaces.first }
            return found.json(interface: interface?["name"].text ?? "null", claims: configuration.claims)
        }
    }

    /// Whether it is up and one that the configuration means.
    private func counts(_ interface: JSON) -> Bool {
        guard interface["name"].bytes != nil, interface["up"].isNull || interface["up"].bool == true else { return false }
        guard let wanted = configuration.interface else { return true }
        return interface["name"].bytes == wanted || interface["altNames"].elements.contains { $0.bytes == wanted }
    }

    private typealias Wanted = (ipv4: AddressSet, ipv6: AddressSet)

    /// The configured addresses of the families that the policy has: nobody needs to hold the others.
    private func wanted(_ families: JSON) throws(Refusal) -> Wanted {
        func has(_ family: Family) -> Bool {
            families.isNull || families.elements.contains { $0.bytes.map { $0.elementsEqual(family.key.utf8) } ?? false }
        }
        let none = AddressSet([])
        let wanted = Wanted(has(.ipv4) ? configuration.ipv4 : none, has(.ipv6) ? configuration.ipv6 : none)
        guard !wanted.ipv4.isEmpty || !wanted.ipv6.isEmpty else {
            throw .noAddress("none of the configured addresses is of a family that the policy has: \(families.text)")
        }
        return wanted
    }

    /// Those of the wanted addresses that the interfaces hold.
    private func held(by interfaces: [JSON], _ wanted: Wanted) throws(Refusal) -> Found {
        let ipv4 = addresses(.ipv4, of: interfaces)
        let ipv6 = addresses(.ipv6, of: interfaces)
        let found = Found(ipv4: ipv4.filter(wanted.ipv4.contains), ipv6: ipv6.filter(wanted.ipv6.contains))
        guard !found.isEmpty else {
            let there = ipv4.prefix(16).map(Family.ipv4.text) + ipv6.prefix(16).map(Family.ipv6.text)
            let place = configuration.interface.map { "the interface \(String(decoding: $0, as: UTF8.self))" } ?? "an interface"
            throw .noAddress(
                "none of the configured addresses is on \(place) of this node; there are: \(there.isEmpty ? "none" : Self.joined(there))")
        }
        return cut(found)
    }

    /// Every address of a family, ascending, each once.
    private func addresses(_ family: Family, of interfaces: [JSON]) -> [UInt128] {
        var found: [UInt128] = []
        for interface in interfaces {
            for address in interface["addresses"].elements {
                let text = address.bytes?.prefix { $0 != UInt8(ascii: "/") }
                if let number = text.flatMap({ family.address($0) }) { found.append(number) }
            }
        }
        found.sort()
        return found.indices.filter { $0 == 0 || found[$0 - 1] != found[$0] }.map { found[$0] }
    }

    /// This node's part of the wanted addresses, whether it holds them yet or not.
    private func share(of node: JSON, _ wanted: Wanted) throws(Refusal) -> Found {
        guard !configuration.nodes.isEmpty else {
            return Found(ipv4: wanted.ipv4.lowest(configuration.most), ipv6: wanted.ipv6.lowest(configuration.most))
        }
        guard let name = node.bytes, configuration.nodes.contains(name) else {
            throw .noAddress("nodes: the node \(node.text) isn't among those that share the addresses")
        }
        let found = Found(ipv4: part(of: wanted.ipv4, name), ipv6: part(of: wanted.ipv6, name))
        guard !found.isEmpty else {
            throw .noAddress("there are fewer addresses than nodes, and none is left for the node \(node.text)")
        }
        return cut(found)
    }

    private func part(of set: AddressSet, _ node: [UInt8]) -> [UInt128] {
        Share.of(node, among: configuration.nodes, set.lowest(Share.mostAddresses))
    }

    private func cut(_ found: Found) -> Found {
        let count = max(found.ipv4.count, found.ipv6.count)
        if count > configuration.most { log(EGRESS_PLUGIN_DEBUG, "\(count) addresses would do; the lowest \(configuration.most) are used") }
        return Found(ipv4: Array(found.ipv4.prefix(configuration.most)), ipv6: Array(found.ipv6.prefix(configuration.most)))
    }

    private func noInterface() -> Refusal {
        .noAddress("this node has no interface \(String(decoding: configuration.interface ?? [], as: UTF8.self)) that is up")
    }

    static func joined(_ words: [String]) -> String {
        words.enumerated().reduce(into: "") { $0 += $1.offset == 0 ? $1.element : ", \($1.element)" }
    }
}

/// Addresses of an answer, ascending.
struct Found {
    let ipv4: [UInt128]
    let ipv6: [UInt128]

    var isEmpty: Bool { ipv4.isEmpty && ipv6.isEmpty }

    /// - Parameter interface: JSON text of a name, or `null`.
    func json(interface: String, claims: Bool) -> String {
        """
        {"ipv4":[\(Self.list(.ipv4, ipv4))],"ipv6":[\(Self.list(.ipv6, ipv6))],"interface":\(interface),\
        "claim":\(claims ? "true" : "false"),"validSeconds":null}
        """
    }

    private static func list(_ family: Family, _ addresses: [UInt128]) -> String {
        Instance.joined(addresses.map { "\"\(family.text($0))\"" })
    }
}
