import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import Glibc

/// A connection that the helper itself ended, since its pod, its policy or its address is gone.
struct EndedConnection<Family: DatapathFamily> {
    var key: Family.ForwardKey
    var half: Family.Half
    /// Of a pod of this node, else 0.
    var ifindex: UInt32 = 0
    var policy: UInt32

    init(_ key: Family.ForwardKey, _ half: Family.Half) {
        (self.key, self.half, policy) = (key, half, UInt32(half.policy))
    }

    /// `nil` for a connection that the pod didn't open.
    init?(_ key: Family.FlowKey, _ flow: Family.Flow) {
        guard flow.kind == UInt8(EGRESS_FLOW_OUT.rawValue) else { return nil }
        self.init(FamilyTables<Family>.forwardKey(of: key, entry: flow.entry), flow.half)
        (ifindex, policy) = (flow.ifindex, flow.policy)
    }
}

extension LoadedDatapath {
    /// Tells whoever watches; the programs tell of those that they end.
    func tell<Family>(_ ended: EndedConnection<Family>) {
        guard let tellClosed else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let (key, half) = (ended.key, ended.half)
        let number = half.node
        let peer = number == 0 ? nil : (try? tables.nodeNumbers.addresses())?[number] ?? IPAddress(wire4: number)
        let hasEgress = half.egress_port != 0
        tellClosed([
            DatapathEvent(
                time: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000, kind: .closed, transport: IPProtocol(key.protocol),
                interfaceIndex: Int(ended.ifindex), policy: ended.policy, entry: key.entry, peer: peer,
                source: Endpoint(Family.address(key.source), UInt16(bigEndian: key.source_port)),
                remote: Endpoint(Family.address(key.remote), UInt16(bigEndian: key.remote_port)),
                egress: hasEgress ? Endpoint(Family.address(half.egress), UInt16(bigEndian: half.egress_port)) : nil)
        ])
    }
}
