import EgressModel
import EgressPlan
import EgressPolicy
import JSONText

extension StatusReport {
    /// An egress IP on a node that could serve it: how many connections to one remote it can have, and how many it has to the
    /// fullest.
    struct Address: Sendable {
        var egressIP: IPAddress
        var node: String
        /// Whether the node uses it itself, and we have a slice of its ports only.
        var isShared: Bool
        var capacity: Int
        var inUse: PortsInUse.Answer

        var free: Int? { inUse.used.map { max(0, capacity - $0) } }
    }

    static func addresses(_ gateways: [Gateway], _ capacity: PortCapacity, _ ports: PortsInUse) -> [Address] {
        let all = gateways.flatMap { gateway in
            gateway.egressIPs.map { address in
                let inUse = ports.answer(address, on: gateway.node)
                return Address(
                    egressIP: address, node: gateway.node, isShared: capacity.isShared(address),
                    capacity: inUse.busiest?.capacity ?? capacity.ports(of: address), inUse: inUse)
            }
        }
        return all.sorted { ($0.egressIP, $0.node) < ($1.egressIP, $1.node) }
    }

    /// The fullest of those that the policy's pods leave by; `nil` where none is known.
    func fullest(of policy: Policy) -> Address? {
        let own = policy.gateways.filter { policy.chosen.contains($0.node) }
        let known = addresses.filter { address in
            address.free != nil && own.contains { $0.node == address.node && $0.egressIPs.contains(address.egressIP) }
        }
        return known.min { ($0.free ?? 0) < ($1.free ?? 0) }
    }

    func addressTable() -> Table {
        let columns = [
            Table.Column("EGRESS-IP", canShrink: true), .init("GATEWAY", canShrink: true), .init("PORTS"), .init("USED"),
            .init("BUSIEST-REMOTE", canShrink: true),
        ]
        let rows = addresses.map { address in
            let busiest = address.inUse.busiest.map { "\($0.remote)/\($0.transport)" }
            return [
                address.egressIP.description, address.node, String(address.capacity) + (address.isShared ? " (shared)" : ""),
                address.inUse.used.map(String.init) ?? "unknown (\(ReasonCode.liveDataUnknown))", busiest ?? "",
            ]
        }
        return Table(columns, rows: rows)
    }

    /// A policy's `ports`.
    func portsJSON(_ fullest: Address) -> JSONValue {
        [
            "remote": fullest.inUse.busiest.map { JSONValue(end: $0.remote) } ?? .null,
            "used": fullest.inUse.used.map { JSONValue($0) } ?? .null,
            "free": fullest.free.map { JSONValue($0) } ?? .null,
        ]
    }
}

extension StatusReport.Address {
    var json: JSONValue {
        [
            "egressIP": JSONValue(egressIP), "gatewayNode": .string(node), "shared": .bool(isShared), "capacity": JSONValue(capacity),
            "used": inUse.used.map { JSONValue($0) } ?? .null, "free": free.map { JSONValue($0) } ?? .null,
            "remote": inUse.busiest.map { JSONValue(end: $0.remote) } ?? .null,
            "protocol": JSONValue(inUse.busiest?.transport.description), "code": JSONValue(inUse.unknown?.code.rawValue),
            "reason": JSONValue(inUse.unknown?.text),
        ]
    }
}
