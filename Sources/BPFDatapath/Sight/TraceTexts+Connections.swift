import CEgressABI
import CLibBPF
import EgressModel
import EgressPlan
import Glibc

/// Records of connections, and the way out, in words.
extension TraceTexts {
    func flow<Family: DatapathFamily>(_ recorded: RecordedStep, _ family: Family.Type) -> String
    where Family.FlowKey: BitwiseCopyable, Family.Flow: BitwiseCopyable {
        guard let key = recorded.key(Family.FlowKey.self) else { return "" }
        let pod = Endpoint(Family.address(key.pod), UInt16(bigEndian: key.pod_port))
        let remote = Endpoint(Family.address(key.remote), UInt16(bigEndian: key.remote_port))
        let ends = "\(pod) to \(remote), \(IPProtocol(key.protocol))"
        guard let value = recorded.value(Family.Flow.self) else { return "no record of \(ends)" }
        let kind =
            switch UInt32(value.kind) {
            case EGRESS_FLOW_OUT.rawValue: "leaves by \(node(value.half.node)), entry \(value.entry)"
            case EGRESS_FLOW_IN.rawValue: "was opened by the remote: left alone"
            default: "was open before a policy claimed the pod: left alone"
            }
        return "\(ends): \(kind)"
    }

    func entry<Family: DatapathFamily>(_ recorded: RecordedStep, _ family: Family.Type) -> String where Family.Entry: BitwiseCopyable {
        let id = recorded.key(UInt32.self) ?? 0
        guard let value = recorded.value(Family.Entry.self) else { return "this node doesn't serve entry \(id)" }
        let addresses = value.addresses.map(Family.address)
        // Of a long list the beginning was kept.
        let known = addresses.filter { !$0.isUnspecified }
        let more = addresses.count > known.count ? " and \(addresses.count - known.count) more" : ""
        let name = names.policy(slot: value.policy).map { ", policy \($0)" } ?? ""
        return "entry \(id): \(known.isEmpty ? "no address" : known.map(\.description).joined(separator: ", ") + more)\(name)"
    }

    func forward<Family: DatapathFamily>(_ recorded: RecordedStep, _ family: Family.Type) -> String
    where Family.ForwardKey: BitwiseCopyable, Family.Half: BitwiseCopyable {
        guard let key = recorded.key(Family.ForwardKey.self) else { return "" }
        let source = Endpoint(Family.address(key.source), UInt16(bigEndian: key.source_port))
        guard let value = recorded.value(Family.Half.self) else { return "no translation of \(source) by entry \(key.entry)" }
        return "\(source) leaves as \(Endpoint(Family.address(value.egress), UInt16(bigEndian: value.egress_port)))"
    }

    func reverse<Family: DatapathFamily>(_ recorded: RecordedStep, _ family: Family.Type) -> String
    where Family.ReverseKey: BitwiseCopyable, Family.Reverse: BitwiseCopyable {
        guard let key = recorded.key(Family.ReverseKey.self) else { return "" }
        let egress = Endpoint(Family.address(key.egress), UInt16(bigEndian: key.egress_port))
        let remote = Endpoint(Family.address(key.remote), UInt16(bigEndian: key.remote_port))
        if recorded.isWrite {
            guard !recorded.isFound else { return "port claimed: \(egress) to \(remote)" }
            return recorded.result == -EEXIST ? "port in use: \(egress) to \(remote)" : "no room for \(egress)"
        }
        guard let value = recorded.value(Family.Reverse.self) else { return "nothing leaves as \(egress) to \(remote)" }
        let source = Endpoint(Family.address(value.source), UInt16(bigEndian: value.source_port))
        return "what \(remote) sends to \(egress) is for \(source)"
    }

    func route(_ recorded: RecordedStep) -> String {
        let answers: [Int: String] = [
            BPF_FIB_LKUP_RET_SUCCESS: "a route and the neighbour's address",
            BPF_FIB_LKUP_RET_NO_NEIGH: "a route; the neighbour is asked for",
            BPF_FIB_LKUP_RET_BLACKHOLE: "a blackhole", BPF_FIB_LKUP_RET_UNREACHABLE: "unreachable",
            BPF_FIB_LKUP_RET_PROHIBIT: "prohibited", BPF_FIB_LKUP_RET_NOT_FWDED: "no route out of this node",
            BPF_FIB_LKUP_RET_FWD_DISABLED: "forwarding is off", BPF_FIB_LKUP_RET_FRAG_NEEDED: "too big for the way",
        ]
        let answer = answers[Int(recorded.result)] ?? "refused (\(recorded.result))"
        guard recorded.result == 0 || recorded.result == Int32(BPF_FIB_LKUP_RET_NO_NEIGH),
            // The interface is the third word of struct bpf_fib_lookup.
            let words = recorded.value((UInt32, UInt32, UInt32).self)
        else { return "to \(request.destination.address): \(answer)" }
        return "to \(request.destination.address): \(answer), by interface \(words.2)"
    }
}
