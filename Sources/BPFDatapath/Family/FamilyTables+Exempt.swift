import CEgressABI
import EgressModel
import EgressPlan

/// Connections that were open before a policy first claimed their pod.
extension FamilyTables {
    /// Those that the other end opened are noted as what they are. A record that packets of the same pod made meanwhile stays,
    /// unless an answer of UDP, which doesn't tell, was taken for a call.
    func setExempt(_ connections: [LiveConnection], ifindex: UInt32, now: UInt32) throws {
        for connection in connections where connection.pod.family == Family.family && connection.remote.family == Family.family {
            var key = Family.FlowKey()
            key.pod = try Family.wire(connection.pod, "pod address")
            key.remote = try Family.wire(connection.remote, "the connection's other end")
            key.pod_port = connection.podPort.bigEndian
            key.remote_port = connection.remotePort.bigEndian
            key.protocol = connection.transport.rawValue
            if let known = try flows.value(key), known.ifindex == ifindex, !(known.isInbound && connection.isOpenedByPod) { continue }
            try flows.set(key, Self.flow(connection, ifindex, now))
        }
    }

    private static func flow(_ connection: LiveConnection, _ ifindex: UInt32, _ now: UInt32) -> Family.Flow {
        var flow = Family.Flow()
        flow.kind = UInt8((connection.isOpenedByPod ? EGRESS_FLOW_EXEMPT : EGRESS_FLOW_IN).rawValue)
        flow.ifindex = ifindex
        flow.half.last = now
        flow.half.created = now
        guard connection.isAnswered else { return flow }
        let replied = UInt8(EGRESS_SEEN_REPLY.rawValue)
        if connection.isOpenedByPod { flow.seen_in = replied } else { flow.half.seen = replied }
        return flow
    }

    func forgetExempt(ifindex: UInt32) throws {
        var doomed: [Family.FlowKey] = []
        _ = try flows.walk(from: nil, atMost: .max) { keys, values in
            for (key, flow) in zip(keys, values) where flow.isExempt && flow.ifindex == ifindex { doomed.append(key) }
        }
        for key in doomed { try flows.remove(key) }
    }

    /// `ifindex`: of one pod, or `nil` for all.
    func exemptConnections(ifindex: UInt32?) throws -> [LiveConnection] {
        var found: [LiveConnection] = []
        _ = try flows.walk(from: nil, atMost: .max) { keys, values in
            for (key, flow) in zip(keys, values) where flow.isExempt && (ifindex == nil || flow.ifindex == ifindex) {
                guard let transport = LiveConnection.Transport(rawValue: key.protocol) else { continue }
                found.append(
                    LiveConnection(
                        transport: transport, pod: Family.address(key.pod), podPort: UInt16(bigEndian: key.pod_port),
                        remote: Family.address(key.remote), remotePort: UInt16(bigEndian: key.remote_port),
                        isAnswered: flow.seen_in & UInt8(EGRESS_SEEN_REPLY.rawValue) != 0))
            }
        }
        return found
    }
}

extension FlowLayout {
    fileprivate var isInbound: Bool { kind == UInt8(EGRESS_FLOW_IN.rawValue) }
    fileprivate var isExempt: Bool { kind == UInt8(EGRESS_FLOW_EXEMPT.rawValue) }
}
