import EgressModel
import EgressPolicy
import JSONText

/// What `explain gateway` prints: the gateway's pods, each as `explain pod` has it.
struct GatewayReport: CommandResult {
    let gateway: GatewayObject
    let found: GatewayPods
    let pods: [PodExplanation]
    /// Why pods may be missing.
    let unread: UnreadKind?

    var findings: [Finding] {
        guard pods.isEmpty else { return Set(pods.flatMap(\.findings)).sorted() }
        let hint = unread.map { "pods can't all be read: \($0.reason) [\($0.code)]" } ?? "is its controller running?"
        return [
            Finding(
                .warning, .gatewayWithoutPods, object: gateway.reference, message: "no pod of it is known; looked for: \(found.detail)",
                hint: hint)
        ]
    }

    var names: [String] { pods.flatMap(\.names) }

    var json: JSONValue {
        [
            "gateway": [
                "api": .string(gateway.api.rawValue), "namespace": .string(gateway.namespace), "name": .string(gateway.name),
                "class": JSONValue(gateway.className),
            ],
            "foundBy": JSONValue(found.way?.rawValue), "detail": .string(found.detail), "pods": .array(pods.map(\.json)),
            "findings": JSONValue(findings: findings),
        ]
    }

    /// Pods that are explained whole without `-o wide`.
    private static let fewPods = 3

    func text(_ layout: TextLayout) -> String {
        let kind = gateway.className.map { "class \($0)" } ?? gateway.api.rawValue
        var lines = [plainText("GATEWAY   \(gateway.namespace)/\(gateway.name)   \(kind)")]
        lines += wrapped(
            "\(counted(pods.count, "pod", "pods")) by \(found.detail)", first: "PODS      ", width: layout.proseWidth)
        let shown = layout.isWide ? pods[...] : pods.prefix(Self.fewPods)
        let rest = pods.count - shown.count
        var parts = [lines.map { $0 + "\n" }.joined()] + shown.map { $0.text(layout) }
        if rest > 0 {
            let others = pods.dropFirst(shown.count).compactMap { $0.explanation.verdict?.sentence }
            parts.append(
                "… and \(counted(rest, "more pod", "more pods")) (-o wide)\n" + others.map { plainText("  \($0)") + "\n" }.joined())
        }
        if pods.isEmpty { parts.append(findings.map { findingText($0, width: layout.proseWidth) }.joined()) }
        return parts.joined(separator: "\n")
    }
}
