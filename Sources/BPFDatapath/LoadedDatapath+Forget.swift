import CEgressABI
import EgressModel
import EgressPlan

extension LoadedDatapath {
    /// Connections of a pod that its choices no longer allow; every one of them when it has no record.
    func forgetFlows(_ index: Int) throws {
        let ifindex = try wireIndex(index, "the pod")
        let isGone = try tables.pods.value(ifindex) == nil
        var choices: [UInt32: GatewayChoice] = [:]
        for (key, choice) in try tables.choices.all() where key.ifindex == ifindex {
            choices[key.policy] = GatewayChoice(choice)
        }
        var doomed: [egress_flow_key] = []
        _ = try tables.flows.walk(from: nil, atMost: .max) { keys, values in
            for (key, flow) in zip(keys, values) where key.ifindex == ifindex {
                if isGone || (flow.kind == UInt8(EGRESS_FLOW_OUT.rawValue) && !Self.allows(choices[flow.policy], flow)) {
                    doomed.append(key)
                }
            }
        }
        for key in doomed { try tables.flows.remove(key) }
    }

    private static func allows(_ choice: GatewayChoice?, _ flow: egress_flow) -> Bool {
        choice?.ranked.contains { $0.entry == flow.entry && $0.gateway.ipv4Bits?.bigEndian == flow.gateway } ?? false
    }

    /// Translations of an entry that is gone, or whose address it doesn't have any more. The forward half first:
    /// a port is never free while a forward half still emits it.
    func forgetTranslations(_ entry: UInt32) throws {
        let addresses = Set(try tables.entries.value(entry)?.addresses ?? [])
        var doomed: [(egress_fwd_key, egress_rev_key)] = []
        _ = try tables.forward.walk(from: nil, atMost: .max) { keys, values in
            for (key, value) in zip(keys, values) where key.entry == entry && !addresses.contains(value.egress_ipv4) {
                doomed.append((key, egress_rev_key(of: key, value)))
            }
        }
        for (forward, reverse) in doomed {
            try tables.forward.remove(forward)
            try tables.reverse.remove(reverse)
        }
    }
}

extension egress_rev_key {
    /// The reverse half's key of a forward half.
    init(of key: egress_fwd_key, _ value: egress_fwd) {
        self.init()
        egress_ipv4 = value.egress_ipv4
        remote = key.remote
        egress_port = value.egress_port
        remote_port = key.remote_port
        `protocol` = key.protocol
    }
}

extension egress_fwd_key {
    /// The forward half's key of a reverse half.
    init(of key: egress_rev_key, _ value: egress_rev) {
        self.init()
        entry = value.entry
        source = value.source
        remote = key.remote
        source_port = value.source_port
        remote_port = key.remote_port
        `protocol` = key.protocol
    }
}
