import CEgressABI
import EgressModel
import EgressPlan

extension FamilyTables {
    /// Flows of an interface that `isKept` doesn't hold, with the translations that they are. The forward half first: a port
    /// is never free while a forward half still emits it. `remembers`: of a pod that goes on, TCP connections that it opened
    /// stay as lost ones. Returns what went.
    func forgetFlows(
        ifindex: UInt32, remembers: Bool, unless isKept: (Family.Flow) -> Bool, ended: (EndedConnection<Family>) -> Void
    ) throws -> UseCounts {
        var doomed: [(Family.FlowKey, Family.Flow)] = []
        _ = try flows.walk(from: nil, atMost: .max) { keys, values in
            for (key, flow) in zip(keys, values) where flow.ifindex == ifindex && !isKept(flow) && !(remembers && flow.isLost) {
                doomed.append((key, flow))
            }
        }
        var gone = UseCounts()
        for (key, flow) in doomed {
            if remembers { try lose(key, flow, &gone) } else { try forget(key, flow, &gone) }
            EndedConnection(key, flow).map(ended)
        }
        return gone
    }

    /// Translations of an entry that is gone, or whose address it doesn't have any more.
    func forgetTranslations(_ entry: UInt32, ended: (EndedConnection<Family>) -> Void) throws -> UseCounts {
        var gone = UseCounts()
        let addresses = Set(try heldAddresses(of: entry))
        var doomed: [(Family.ForwardKey, Family.Half)] = []
        _ = try forward.walk(from: nil, atMost: .max) { keys, values in
            for (key, value) in zip(keys, values) where key.entry == entry && !addresses.contains(Family.address(value.egress)) {
                doomed.append((key, value))
            }
        }
        for (key, half) in doomed {
            if try forward.remove(key) { gone.count(.entry(key.entry), steered: 1) }
            try forgetReverse(Self.reverseKey(of: key, half), of: key)
            ended(EndedConnection(key, half))
        }
        var local: [(Family.FlowKey, Family.Flow)] = []
        _ = try flows.walk(from: nil, atMost: .max) { keys, values in
            for (key, flow) in zip(keys, values)
            where flow.entry == entry && flow.isTranslation && !addresses.contains(Family.address(flow.half.egress)) {
                local.append((key, flow))
            }
        }
        for (key, flow) in local {
            try lose(key, flow, &gone)
            EndedConnection(key, flow).map(ended)
        }
        return gone
    }

    /// What a pod opened by TCP stays as a record without a way: it moves to a gateway with the same address, or its next
    /// packet is answered by a reset. Anything else begins anew by itself.
    private func lose(_ key: Family.FlowKey, _ flow: Family.Flow, _ gone: inout UseCounts) throws {
        guard key.protocol == Self.tcp, flow.kind == UInt8(EGRESS_FLOW_OUT.rawValue) else { return try forget(key, flow, &gone) }
        var lost = flow
        lost.half.flags |= UInt8(EGRESS_FLOW_LOST.rawValue)
        lost.half.way = egress_way()
        lost.place = UInt8(EGRESS_PLACE_REMOTE.rawValue)
        if flow.isTranslation {
            lost.half.egress = Family.folded(flow.half.egress)
            lost.half.egress_port = 0
        }
        try flows.set(key, lost)
        guard flow.isTranslation else { return }
        gone.count(.entry(flow.entry), steered: 1)
        let forwardKey = Self.forwardKey(of: key, entry: flow.entry)
        try forgetReverse(Self.reverseKey(of: forwardKey, flow.half), of: forwardKey)
    }

    private static var tcp: UInt8 { 6 }

    private func forget(_ key: Family.FlowKey, _ flow: Family.Flow, _ gone: inout UseCounts) throws {
        if try flows.remove(key) { gone.count(flow) }
        guard flow.isTranslation else { return }
        let forwardKey = Self.forwardKey(of: key, entry: flow.entry)
        try forgetReverse(Self.reverseKey(of: forwardKey, flow.half), of: forwardKey)
    }

    /// Unless its port is another's by now.
    private func forgetReverse(_ key: Family.ReverseKey, of owner: Family.ForwardKey) throws {
        guard let half = try reverse.value(key), half.entry == owner.entry, half.source_port == owner.source_port,
            Family.address(half.source) == Family.address(owner.source)
        else { return }
        try reverse.remove(key)
    }

    /// By entry, the addresses that translations have.
    func addressesInUse() throws -> [UInt32: Set<IPAddress>] {
        var used: [UInt32: Set<IPAddress>] = [:]
        _ = try forward.walk(from: nil, atMost: .max) { keys, values in
            for (key, half) in zip(keys, values) { used[key.entry, default: []].insert(Family.address(half.egress)) }
        }
        _ = try flows.walk(from: nil, atMost: .max) { _, values in
            for flow in values where flow.isTranslation { used[flow.entry, default: []].insert(Family.address(flow.half.egress)) }
        }
        return used
    }

    /// The reverse half's key of a forward half.
    static func reverseKey(of key: Family.ForwardKey, _ half: Family.Half) -> Family.ReverseKey {
        var reverse = Family.ReverseKey()
        reverse.egress = half.egress
        reverse.remote = key.remote
        reverse.egress_port = half.egress_port
        reverse.remote_port = key.remote_port
        reverse.protocol = key.protocol
        return reverse
    }

    /// The forward half's key of a reverse half.
    static func forwardKey(of key: Family.ReverseKey, _ value: Family.Reverse) -> Family.ForwardKey {
        var forward = Family.ForwardKey()
        forward.entry = value.entry
        forward.source = value.source
        forward.remote = key.remote
        forward.source_port = value.source_port
        forward.remote_port = key.remote_port
        forward.protocol = key.protocol
        return forward
    }

    static func forwardKey(of key: Family.FlowKey, entry: UInt32) -> Family.ForwardKey {
        var forward = Family.ForwardKey()
        forward.entry = entry
        forward.source = key.pod
        forward.remote = key.remote
        forward.source_port = key.pod_port
        forward.remote_port = key.remote_port
        forward.protocol = key.protocol
        return forward
    }

    static func flowKey(of key: Family.ForwardKey) -> Family.FlowKey {
        var flow = Family.FlowKey()
        flow.pod = key.source
        flow.remote = key.remote
        flow.pod_port = key.source_port
        flow.remote_port = key.remote_port
        flow.protocol = key.protocol
        return flow
    }
}

extension FlowLayout {
    /// A flow whose gateway is this node is the forward half of its translation.
    var isTranslation: Bool {
        kind == UInt8(EGRESS_FLOW_OUT.rawValue) && place == UInt8(EGRESS_PLACE_LOCAL.rawValue)
    }

    /// Its gateway or translation is gone.
    var isLost: Bool { half.flags & UInt8(EGRESS_FLOW_LOST.rawValue) != 0 }
}
