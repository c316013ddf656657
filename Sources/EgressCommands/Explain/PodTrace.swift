import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts
import EgressWire
import JSONText

/// A packet of the pod through the loaded programs: on its own node, and on the gateway's where that could be asked.
struct PodTrace: Sendable {
    /// In the packet's order.
    var parts: [TraceResult] = []
    /// What couldn't be asked.
    var findings: [Finding] = []

    var json: JSONValue { .array(parts.map(\.wire)) }

    func text(_ layout: TextLayout) -> String {
        var lines: [String] = []
        for part in parts {
            lines += wrapped("on \(part.node): \(Self.sentence(part))", first: "TRACE     ", width: layout.proseWidth)
            for (at, step) in part.steps.enumerated() {
                let number = String(at + 1)
                let place = String(repeating: " ", count: max(0, 4 - number.count)) + number
                let name = step.lookup + String(repeating: " ", count: max(0, 11 - step.lookup.count))
                lines += wrapped(step.detail, first: "\(place)  \(name) \(Self.outcome(step))  ", width: layout.proseWidth)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func outcome(_ step: TraceStep) -> String {
        step.lookup == TraceStep.stack ? "-  " : step.isFound ? "yes" : "no "
    }

    static func sentence(_ part: TraceResult) -> String {
        let condition = part.steps.contains { $0.lookup == TraceStep.stack } && part.verdict != .dropped
        return verdict(part) + (condition ? ", if FORWARD lets it pass" : "")
    }

    private static func verdict(_ part: TraceResult) -> String {
        switch part.verdict {
        case .passed: "not steered: it goes the ordinary way"
        case .dropped:
            "dropped: \(part.code.flatMap { CodeAdvice(code: $0)?.title } ?? "no reason is known")\(part.code.map { " [\($0)]" } ?? "")"
        case .tunnelled: "into the tunnel to \(part.gatewayNode ?? "its gateway")\(part.entry.map { ", entry \($0)" } ?? "")"
        case .translated: "leaves\(part.egress.map { " as \($0)" } ?? "")"
        case .delivered: "given to the pod"
        }
    }
}

extension CommandEnvironment {
    /// Asks the helper of the pod's node, then, where `--socket` tells of every node's, that of the gateway.
    func trace(_ pod: Pod, to destination: ResolvedDestination, _ global: GlobalOptions) async -> PodTrace {
        var trace = PodTrace()
        let pattern = global.socket ?? AgentCommand.standardSocket
        do {
            let helper = try await openHelper(try Self.socketPath(pattern, node: pod.nodeName))
            let first = try await helper.trace(
                TraceRequest(
                    origin: .pod(namespace: pod.namespace, name: pod.name), transport: destination.traced,
                    destination: Endpoint(destination.address, destination.port ?? 0)))
            trace.parts.append(first)
            guard first.verdict == .tunnelled else { return trace }
        } catch {
            trace.findings.append(NodeHelpers.silence(pod.nodeName, error))
            return trace
        }
        await follow(&trace, pattern)
        return trace
    }

    private func follow(_ trace: inout PodTrace, _ pattern: String) async {
        guard let first = trace.parts.last, let gateway = first.gatewayNode, let entry = first.entry else { return }
        guard pattern.firstRange(of: "{node}") != nil else {
            trace.findings.append(
                Finding(
                    .info, .liveDataUnknown, object: ObjectReference(kind: "Node", name: gateway),
                    message: "the rest of the way is on \(gateway), and --socket names one helper only",
                    hint: "name the helpers of both nodes: --socket with {node} in the path"))
            return
        }
        do {
            let helper = try await openHelper(try Self.socketPath(pattern, node: gateway))
            trace.parts.append(
                try await helper.trace(
                    TraceRequest(
                        origin: .node(name: first.node, entry: entry, source: first.source.address), transport: first.transport,
                        destination: first.destination, sourcePort: first.source.port)))
        } catch {
            trace.findings.append(NodeHelpers.silence(gateway, error))
        }
    }
}

extension ResolvedDestination {
    /// What is traced: a ping where no port is named.
    fileprivate var traced: IPProtocol {
        switch (port, transport) {
        case (nil, _): address.family == .ipv6 ? .icmpv6 : .icmp
        case (_, "udp"): .udp
        case (_, "sctp"): IPProtocol(132)
        default: .tcp
        }
    }
}
