import CEgressABI
import EgressPlan

/// Version 2 knew IPv4 alone. A connection's key had the pod's interface where it has the pod's address now, and a
/// translation of a pod of the gateway itself was a value beside its connection, which holds it now.
extension LayoutConversion {
    static let from2 = LayoutConversion(maps: [
        "egress_config": config, "egress_meta": unchanged(as: "egress_meta"), "egress_pods": pod,
        "egress_pod_ips": unchanged(as: "egress_pod_ips4"),
        "egress_rules4": unchanged(as: "egress_rules4"), "egress_rules6": unchanged(as: "egress_rules6"),
        "egress_cluster4": unchanged(as: "egress_cluster4"), "egress_cluster6": unchanged(as: "egress_cluster6"),
        "egress_policies": unchanged(as: "egress_policies"), "egress_choices": choice,
        "egress_gateways": unchanged(as: "egress_gateways"), "egress_nodes": node,
        "egress_entries": extended(as: "egress_entries4", to: MemoryLayout<egress_entry4>.size), "egress_ips": address,
        "egress_counts": unchanged(as: "egress_counts"), "egress_tries": unchanged(as: "egress_tries"),
        "egress_nat_rev": reverse, "egress_nat_fwd": forward, "egress_flows": flow,
    ])

    private static let config: Convert = { key, value, _ in
        guard let old = value.load(egress2_config.self) else { return nil }
        var config = egress_config()
        config.tunnel_ifindex = old.tunnel_ifindex
        config.tunnel_mtu = old.tunnel_mtu
        config.token_count = old.token_count
        config.tokens = old.tokens
        config.port_key = old.port_key
        config.outer_family = 4
        config.pod_limit = ConnectionLimits.standard.connectionsPerPod
        config.entry_limit = ConnectionLimits.standard.translationsPerEntry
        if old.node_ipv4 != 0 { config.node.word = (0, 0, UInt32(0xffff).bigEndian, old.node_ipv4) }
        return MapEntry(map: "egress_config", key: Array(key), value: octets(of: config))
    }

    /// Its place among the counters, and the ports of a shared one, come with the next plan.
    private static let address: Convert = { key, value, _ in
        guard let flags = value.load(UInt32.self) else { return nil }
        return MapEntry(
            map: "egress_ips4", key: Array(key), value: octets(of: egress_ip(flags: flags, port_min: 0, port_max: 0, counter: 0)))
    }

    private static let pod: Convert = { key, value, _ in
        guard let old = value.load(egress2_pod.self) else { return nil }
        var pod = egress_pod()
        pod.address4.word = old.ipv4
        withUnsafeMutableBytes(of: &pod.address6) { new in withUnsafeBytes(of: old.ipv6) { new.copyMemory(from: $0) } }
        pod.set = old.set
        pod.deliver_ifindex = old.deliver_ifindex
        pod.steering = UInt8(EGRESS_STEERING_REDIRECT.rawValue)
        pod.mode = UInt8(EGRESS_MODE_ENFORCE.rawValue)
        return MapEntry(map: "egress_pods", key: Array(key), value: octets(of: pod))
    }

    private static let choice: Convert = { key, value, _ in
        guard let old = key.load(egress2_choice_key.self) else { return nil }
        let key = egress_choice_key(ifindex: old.ifindex, policy: old.policy, family: 4)
        return MapEntry(map: "egress_choices", key: octets(of: key), value: Array(value).padded(to: MemoryLayout<egress_choice>.size))
    }

    /// What came new stands behind the rest, and is zero: nothing drains, nothing is known.
    private static func extended(as map: String, to size: Int) -> Convert {
        { key, value, _ in MapEntry(map: map, key: Array(key), value: Array(value).padded(to: size)) }
    }

    private static let node: Convert = { key, value, _ in
        guard let old = value.load(egress2_node.self) else { return nil }
        var node = egress_node()
        node.pods4.address.word = old.pod_network
        node.pods4.mask.word = old.pod_mask
        return MapEntry(map: "egress_nodes", key: Array(key), value: octets(of: node))
    }

    private static let reverse: Convert = { key, value, _ in
        guard let old = value.load(egress2_rev.self) else { return nil }
        var half = egress_rev4()
        half.source.word = old.source
        half.source_port = old.source_port
        half.seen = old.seen
        half.flags = old.flags
        half.entry = old.entry
        half.node = old.node
        half.ifindex = old.ifindex
        half.last = old.last
        return MapEntry(map: "egress_nat_rev4", key: Array(key), value: octets(of: half))
    }

    /// Of a pod of another node; else it becomes part of the flow.
    private static let forward: Convert = { key, value, _ in
        guard let old = value.load(egress2_fwd.self), old.node != 0 else { return nil }
        return MapEntry(map: "egress_nat_fwd4", key: Array(key), value: octets(of: half(old)))
    }

    private static func half(_ old: egress2_fwd) -> egress_half4 {
        var half = egress_half4()
        half.egress.word = old.egress_ipv4
        half.egress_port = old.egress_port
        half.seen = old.seen
        half.flags = old.flags
        half.last = old.last
        half.created = old.created
        half.node = old.node
        return half
    }

    private static let flow: Convert = { key, value, maps in
        guard let oldKey = key.load(egress2_flow_key.self), let old = value.load(egress2_flow.self),
            let pod = try maps.value("egress_pods", octets(of: oldKey.ifindex), as: egress2_pod.self), pod.ipv4 != 0
        else { return nil }
        var key = egress_flow_key4()
        key.pod.word = pod.ipv4
        key.remote.word = oldKey.remote
        key.pod_port = oldKey.pod_port
        key.remote_port = oldKey.remote_port
        key.protocol = oldKey.protocol
        var flow = egress_flow4()
        flow.kind = old.kind
        flow.seen_in = old.seen_in
        flow.ifindex = oldKey.ifindex
        flow.policy = old.policy
        flow.entry = old.entry
        if old.kind == UInt8(EGRESS_FLOW_OUT.rawValue) {
            flow.place = try maps.value("egress_gateways", octets(of: old.gateway), as: egress_gateway.self)?.place ?? 0
        }
        if flow.place == UInt8(EGRESS_PLACE_LOCAL.rawValue) {
            // Without a translation yet it is nothing: the second pass finds both, or the connection never left.
            guard let translation = try translation(of: key, entry: old.entry, maps) else { return nil }
            flow.half = half(translation)
        } else {
            flow.half.created = old.last
        }
        flow.half.seen |= old.seen_out
        flow.half.flags = old.flags
        flow.half.last = max(old.last, flow.half.last)
        flow.half.node = old.gateway
        return MapEntry(map: "egress_flows4", key: octets(of: key), value: octets(of: flow))
    }

    private static func translation(of flow: egress_flow_key4, entry: UInt32, _ maps: OlderMaps) throws -> egress2_fwd? {
        var key = egress2_fwd_key()
        key.entry = entry
        key.source = flow.pod.word
        key.remote = flow.remote.word
        key.source_port = flow.pod_port
        key.remote_port = flow.remote_port
        key.protocol = flow.protocol
        return try maps.value("egress_nat_fwd", octets(of: key))
    }
}

extension [UInt8] {
    fileprivate func padded(to size: Int) -> [UInt8] { self + [UInt8](repeating: 0, count: Swift.max(0, size - count)) }
}
