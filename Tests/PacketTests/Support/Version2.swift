import CEgressABI
import CLibBPF
import Glibc
import TestKit

@testable import BPFDatapath

/// Makes the pins of a living datapath those of a helper with layout 2, as such a helper would have left them: programs and
/// links go on as they are, maps are other ones, with the same contents in the old words. IPv4 alone.
struct Version2 {
    private let folder: String
    private let old: String

    /// - Parameter root: the pin root.
    static func pretend(_ root: String) throws {
        let version = Version2(folder: "\(root)/v\(EGRESS_ABI_VERSION)", old: "\(root)/v2")
        for path in [version.old, version.old + "/programs", version.old + "/links"] { mkdir(path, 0o700) }
        try version.writeUnchanged()
        try version.writeRecords()
        try version.writeTranslations()
        try version.writeFlows()
        for name in try fileNames(in: version.folder + "/links") {
            guard rename("\(version.folder)/links/\(name)", "\(version.old)/links/\(name)") == 0 else {
                throw TestKitError("rename \(name)")
            }
        }
        try Command.run(["rm", "-r", version.folder])
    }

    private func map(_ name: String) throws -> RawMap {
        guard let map = try RawMap.pinned("\(folder)/\(name)", name: name) else { throw TestKitError("no map \(name)") }
        return map
    }

    /// A new map, pinned by its old name.
    private func make(_ name: String, _ type: bpf_map_type, key: Int, value: Int, entries: Int) throws -> RawMap {
        var options = bpf_map_create_opts()
        options.sz = MemoryLayout<bpf_map_create_opts>.size
        options.map_flags = type == BPF_MAP_TYPE_LPM_TRIE ? UInt32(BPF_F_NO_PREALLOC) : 0
        let descriptor = bpf_map_create(type, name, UInt32(key), UInt32(value), UInt32(entries), &options)
        guard descriptor >= 0 else { throw TestKitError("map \(name): errno \(-descriptor)") }
        guard bpf_obj_pin(descriptor, "\(old)/\(name)") == 0 else { throw TestKitError("pin \(name)") }
        return try RawMap(name: name, owning: descriptor)
    }

    private func each<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ name: String, _ body: (Key, Value) throws -> Void) throws {
        try map(name).walk { key, value in
            guard let key = key.load(Key.self), let value = value.load(Value.self) else { throw TestKitError("sizes of \(name)") }
            try body(key, value)
        }
    }

    private func writeUnchanged() throws {
        let maps: [(String, String, bpf_map_type)] = [
            ("egress_meta", "egress_meta", BPF_MAP_TYPE_ARRAY), ("egress_rules4", "egress_rules4", BPF_MAP_TYPE_LPM_TRIE),
            ("egress_rules6", "egress_rules6", BPF_MAP_TYPE_LPM_TRIE), ("egress_cluster4", "egress_cluster4", BPF_MAP_TYPE_LPM_TRIE),
            ("egress_cluster6", "egress_cluster6", BPF_MAP_TYPE_LPM_TRIE), ("egress_policies", "egress_policies", BPF_MAP_TYPE_HASH),
            ("egress_gateways", "egress_gateways", BPF_MAP_TYPE_HASH), ("egress_entries4", "egress_entries", BPF_MAP_TYPE_HASH),
            ("egress_pod_ips4", "egress_pod_ips", BPF_MAP_TYPE_HASH),
        ]
        for (name, oldName, type) in maps {
            let source = try map(name)
            let target = try make(oldName, type, key: source.keySize, value: source.valueSize, entries: source.capacity)
            try source.walk { try target.write(Array($0), Array($1), replacing: true) }
        }
    }

    private func writeRecords() throws {
        let config = try make("egress_config", BPF_MAP_TYPE_ARRAY, key: 4, value: MemoryLayout<egress2_config>.size, entries: 1)
        try each("egress_config") { (key: UInt32, new: egress_config) in
            let old = egress2_config(
                tunnel_ifindex: new.tunnel_ifindex, node_ipv4: new.node.word.3, tunnel_mtu: new.tunnel_mtu, token_count: new.token_count,
                tokens: new.tokens, port_key: new.port_key)
            try config.write(octets(of: key), octets(of: old), replacing: true)
        }
        let addresses = try make("egress_ips", BPF_MAP_TYPE_HASH, key: 4, value: MemoryLayout<UInt32>.size, entries: 64)
        try each("egress_ips4") { (key: egress_address4, new: egress_ip) in
            try addresses.write(octets(of: key), octets(of: new.flags), replacing: true)
        }
        let pods = try make("egress_pods", BPF_MAP_TYPE_HASH, key: 4, value: MemoryLayout<egress2_pod>.size, entries: 64)
        try each("egress_pods") { (key: UInt32, new: egress_pod) in
            var old = egress2_pod()
            old.ipv4 = new.address4.word
            old.set = new.set
            old.deliver_ifindex = new.deliver_ifindex
            try pods.write(octets(of: key), octets(of: old), replacing: true)
        }
        let choices = try make("egress_choices", BPF_MAP_TYPE_HASH, key: 8, value: MemoryLayout<egress_choice>.size, entries: 64)
        try each("egress_choices") { (key: egress_choice_key, new: egress_choice) in
            guard key.family == 4 else { return }
            try choices.write(octets(of: egress2_choice_key(ifindex: key.ifindex, policy: key.policy)), octets(of: new), replacing: true)
        }
        let nodes = try make("egress_nodes", BPF_MAP_TYPE_HASH, key: 4, value: 8, entries: 64)
        try each("egress_nodes") { (key: UInt32, new: egress_node) in
            let old = egress2_node(pod_network: new.pods4.address.word, pod_mask: new.pods4.mask.word)
            try nodes.write(octets(of: key), octets(of: old), replacing: true)
        }
    }

    private func writeTranslations() throws {
        let reverse = try make(
            "egress_nat_rev", BPF_MAP_TYPE_HASH, key: MemoryLayout<egress_rev_key4>.size, value: MemoryLayout<egress2_rev>.size,
            entries: 1024)
        try each("egress_nat_rev4") { (key: egress_rev_key4, new: egress_rev4) in
            let old = egress2_rev(
                source: new.source.word, source_port: new.source_port, seen: new.seen, flags: new.flags, entry: new.entry, node: new.node,
                ifindex: new.ifindex, last: new.last)
            try reverse.write(octets(of: key), octets(of: old), replacing: true)
        }
        let forward = try make(
            "egress_nat_fwd", BPF_MAP_TYPE_HASH, key: MemoryLayout<egress2_fwd_key>.size, value: MemoryLayout<egress2_fwd>.size,
            entries: 1024)
        try each("egress_nat_fwd4") { (key: egress_fwd_key4, new: egress_half4) in
            try forward.write(octets(of: key), octets(of: Self.old(new, node: new.node, interface: 0)), replacing: true)
        }
        try each("egress_flows4") { (key: egress_flow_key4, new: egress_flow4) in
            guard new.place == UInt8(EGRESS_PLACE_LOCAL.rawValue) else { return }
            var old = egress2_fwd_key()
            (old.entry, old.source, old.remote) = (new.entry, key.pod.word, key.remote.word)
            (old.source_port, old.remote_port, old.protocol) = (key.pod_port, key.remote_port, key.protocol)
            try forward.write(octets(of: old), octets(of: Self.old(new.half, node: 0, interface: new.ifindex)), replacing: true)
        }
    }

    private static func old(_ half: egress_half4, node: UInt32, interface: UInt32) -> egress2_fwd {
        egress2_fwd(
            egress_ipv4: half.egress.word, egress_port: half.egress_port, seen: half.seen, flags: 0, last: half.last, created: half.created,
            node: node, ifindex: interface)
    }

    private func writeFlows() throws {
        let flows = try make(
            "egress_flows", BPF_MAP_TYPE_HASH, key: MemoryLayout<egress2_flow_key>.size, value: MemoryLayout<egress2_flow>.size,
            entries: 1024)
        try each("egress_flows4") { (key: egress_flow_key4, new: egress_flow4) in
            var oldKey = egress2_flow_key()
            (oldKey.ifindex, oldKey.remote) = (new.ifindex, key.remote.word)
            (oldKey.pod_port, oldKey.remote_port, oldKey.protocol) = (key.pod_port, key.remote_port, key.protocol)
            let old = egress2_flow(
                kind: new.kind, seen_out: new.half.seen, seen_in: new.seen_in, flags: 0, policy: new.policy, entry: new.entry,
                gateway: new.half.node, last: new.half.last)
            try flows.write(octets(of: oldKey), octets(of: old), replacing: true)
        }
    }
}
