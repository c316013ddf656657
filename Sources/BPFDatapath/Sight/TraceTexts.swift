import CEgressABI
import EgressModel
import EgressPlan
import EgressPolicy
import Glibc

/// Lookups in words.
struct TraceTexts {
    let names: FlowNames
    let nodes: [UInt32: IPAddress]
    let request: TraceRequest

    /// `nil` for a kind that this program doesn't know.
    func step(_ recorded: RecordedStep) -> TraceStep? {
        switch recorded.kind {
        case EGRESS_TRACE_CLUSTER: step("cluster", recorded, cluster(recorded))
        case EGRESS_TRACE_POD: step("pod", recorded, pod(recorded))
        case EGRESS_TRACE_RULE: step("rule", recorded, rule(recorded))
        case EGRESS_TRACE_FLOW:
            step("flow", recorded, recorded.isIPv6 ? flow(recorded, IPv6Datapath.self) : flow(recorded, IPv4Datapath.self))
        case EGRESS_TRACE_CHOICE: step("choice", recorded, choice(recorded))
        case EGRESS_TRACE_GATEWAY: step("gateway", recorded, gateway(recorded))
        case EGRESS_TRACE_NODE: step("node", recorded, "node \(node(recorded.key() ?? 0)) as the tunnel's other end")
        case EGRESS_TRACE_NODE_ID: step("node-id", recorded, "the number of a node's address")
        case EGRESS_TRACE_ENTRY:
            step("entry", recorded, recorded.isIPv6 ? entry(recorded, IPv6Datapath.self) : entry(recorded, IPv4Datapath.self))
        case EGRESS_TRACE_EGRESS_IP: step("egress-ip", recorded, egressIP(recorded))
        case EGRESS_TRACE_FORWARD:
            step("forward", recorded, recorded.isIPv6 ? forward(recorded, IPv6Datapath.self) : forward(recorded, IPv4Datapath.self))
        case EGRESS_TRACE_REVERSE:
            step("reverse", recorded, recorded.isIPv6 ? reverse(recorded, IPv6Datapath.self) : reverse(recorded, IPv4Datapath.self))
        case EGRESS_TRACE_POD_IP: step("pod-ip", recorded, podIP(recorded))
        case EGRESS_TRACE_ROUTE: step("route", recorded, route(recorded))
        default: nil
        }
    }

    private func step(_ lookup: String, _ recorded: RecordedStep, _ detail: String) -> TraceStep {
        TraceStep(lookup: recorded.isWrite ? "\(lookup) +" : lookup, isFound: recorded.isFound, detail: detail)
    }

    func node(_ number: UInt32) -> String {
        let address = nodes[number] ?? IPAddress(wire4: number)
        return names.nodes[address] ?? address.description
    }

    private func policy(_ slot: UInt32) -> String { "policy \(names.policy(slot: slot) ?? "in slot \(slot)")" }

    private func address(_ recorded: RecordedStep, at offset: Int) -> IPAddress {
        let key = recorded.key(TraceKey.self)
        let words = key.map { withUnsafeBytes(of: $0) { Array($0.bindMemory(to: UInt32.self)) } } ?? []
        guard words.count >= offset / 4 + 4 else { return IPAddress(ipv4: 0) }
        if !recorded.isIPv6 { return IPAddress(wire4: words[offset / 4]) }
        return IPAddress(ipv6: words[(offset / 4)..<(offset / 4 + 4)].reduce(0) { $0 << 32 | UInt128($1.bigEndian) })
    }

    private func cluster(_ recorded: RecordedStep) -> String {
        let asked = address(recorded, at: 4)
        guard let value = recorded.value(UInt32.self), let kind = InClusterRange.Kind(encoded: value) else {
            return "\(asked) is in no range of the cluster"
        }
        return "\(asked) is in a range of the cluster's own: \(kind.rawValue)"
    }

    private func pod(_ recorded: RecordedStep) -> String {
        let index = Int(recorded.key(UInt32.self) ?? 0)
        let name = names.pods[index].map { " (\($0.namespace ?? "")/\($0.name))" } ?? ""
        guard let value = recorded.value(egress_pod.self) else { return "no pod behind interface \(index)" }
        let record = PodRecord(value)
        let addresses = [record.ipv4, record.ipv6].compactMap { $0?.description }.joined(separator: ", ")
        return
            "interface \(index)\(name): \(addresses), set \(record.set), delivered by interface \(record.deliverIndex), steered by \(record.steering.rawValue)"
    }

    private func podIP(_ recorded: RecordedStep) -> String {
        let asked = address(recorded, at: 0)
        guard let index = recorded.value(UInt32.self) else { return "\(asked) is no governed pod of this node" }
        return "\(asked) is the pod behind interface \(index)"
    }

    /// What comes between the programs when the stack leads a packet: named, not run.
    func stack(mark: UInt32, tunnel: UInt32) -> TraceStep {
        let bits = "0x" + String(mark, radix: 16)
        return TraceStep(
            lookup: TraceStep.stack, isFound: false,
            detail:
                "marked \(bits): the node's stack routes it to the tunnel device (interface \(tunnel)) by that mark, and FORWARD decides about it; neither is run by a trace"
        )
    }

    private func rule(_ recorded: RecordedStep) -> String {
        let set = recorded.key(egress_rule_key4.self)?.set ?? 0
        let asked = address(recorded, at: 8)
        guard let value = recorded.value(egress_rule.self) else { return "no rule of set \(set) holds \(asked)" }
        let action =
            switch UInt32(value.action) {
            case EGRESS_ACTION_GATEWAY.rawValue: "by a gateway"
            case EGRESS_ACTION_EXCLUDE.rawValue: "excluded"
            default: "dropped [\(ReasonCode.drop(Int(value.reason)))]"
            }
        return "\(asked) in set \(set): \(action), \(policy(value.policy))"
    }

    private func choice(_ recorded: RecordedStep) -> String {
        let slot = recorded.key(egress_choice_key.self)?.policy ?? 0
        guard let value = recorded.value(egress_choice.self) else { return "no gateways of \(policy(slot)) for this pod" }
        let ranked = value.places.map { "\(node($0.gateway)) (entry \($0.entry == 0 ? "not announced" : String($0.entry)))" }
        let none = value.on_no_gateway == UInt8(EGRESS_NO_GATEWAY_BYPASS.rawValue) ? "leave as the node" : "drop"
        return "gateways of \(policy(slot)), best first: \(ranked.isEmpty ? "none" : ranked.joined(separator: ", ")); without one \(none)"
    }

    private func gateway(_ recorded: RecordedStep) -> String {
        let name = node(recorded.key(UInt32.self) ?? 0)
        guard let value = recorded.value(egress_gateway.self) else { return "gateway \(name) isn't known" }
        let record = GatewayRecord(value)
        return
            "gateway \(name): \(record.place == .local ? "this node" : "through the tunnel"), \(record.isHealthy ? "healthy" : "not healthy")"
    }

    private func egressIP(_ recorded: RecordedStep) -> String {
        let asked = address(recorded, at: 0)
        guard let value = recorded.value(egress_ip.self) else { return "\(asked) is no egress IP of this node" }
        return "\(asked) is an egress IP\(EgressAddressRecord(value).isShared ? ", which the node uses too" : "")"
    }
}

/// Room for any key.
private typealias TraceKey = (
    UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32
)
