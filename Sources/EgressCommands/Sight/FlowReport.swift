import EgressModel
import EgressPlan
import EgressPolicy
import FoundationEssentials
import JSONText

/// Events of connections, in every form that `observe` prints.
struct FlowReport: CommandResult {
    struct Line: Sendable {
        var event: FlowEvent
        /// Who saw it.
        var node: String
        var pod: ObjectReference?
        var lost: UInt64
    }

    var lines: [Line]
    var lost: UInt64
    var findings: [Finding]
    var names: [String] { [] }

    var json: JSONValue {
        ["flows": .array(rows), "lost": JSONValue(lost), "findings": JSONValue(findings: findings)]
    }

    var rows: [JSONValue] { lines.map(\.json) }

    /// `observe` writes its lines itself, as they come.
    func text(_ layout: TextLayout) -> String { "" }
}

extension FlowReport.Line {
    var json: JSONValue {
        [
            "time": .string(time), "event": .string(event.kind.rawValue), "node": .string(node), "pod": JSONValue(podOf: pod),
            "protocol": .string(event.transport.description), "source": JSONValue(end: event.source),
            "egress": JSONValue(end: event.egress),
            "remote": JSONValue(end: event.remote), "policy": JSONValue(event.policy), "podNode": JSONValue(event.podNode),
            "gatewayNode": JSONValue(event.gatewayNode), "code": JSONValue(event.code?.rawValue),
            "reason": JSONValue(event.code.flatMap { CodeAdvice(code: $0)?.title }), "lost": JSONValue(lost),
        ]
    }

    /// The event is its reason's code for a drop.
    func cells(isWide: Bool) -> [String] {
        let name = pod.map { "\($0.namespace ?? "")/\($0.name)" } ?? event.source?.address.description ?? ""
        let remote = event.remote.map { "\($0)/\(event.transport)" } ?? event.transport.description
        let cells = [
            isWide ? time : String(time.dropFirst(11).prefix(8)), event.code?.rawValue ?? event.kind.rawValue, name,
            event.egress?.description ?? "", remote,
        ]
        guard isWide else { return cells }
        return cells + [
            event.policy ?? "", event.source?.description ?? "", event.podNode ?? "", event.gatewayNode ?? "",
            event.code.flatMap { CodeAdvice(code: $0)?.title } ?? "",
        ]
    }

    /// UTC, with microseconds: `2026-11-22T10:00:05.123456Z`.
    private var time: String {
        let (seconds, rest) = event.time.quotientAndRemainder(dividingBy: 1_000_000)
        let fraction = String(rest < 0 ? 0 : rest)
        let whole = rfc3339(secondsSinceEpoch: seconds).dropLast()
        return "\(whole).\(String(repeating: "0", count: max(0, 6 - fraction.count)))\(fraction)Z"
    }
}
