import EgressModel
import EgressPolicy
import JSONText

/// The part of `explain pod --as-cilium`: one sentence for a destination, else the rules that differ.
struct PodAsCilium: Sendable {
    let version: CiliumVersion
    /// `nil` without `--to`.
    let answer: CiliumAnswer?
    /// Of this pod.
    let differences: [CiliumDifference]

    init(_ comparison: CiliumComparison, _ pod: Pod, to destination: IPAddress?) {
        version = comparison.table.profile.version
        answer = destination.map { comparison.answer(pod, to: $0) }
        differences = comparison.differences.filter { $0.pod.reference == pod.reference }
    }

    var json: JSONValue {
        [
            "version": .string(version.description), "differs": .bool(answer.map { $0.reason != nil } ?? !differences.isEmpty),
            "outcomes": .array((answer?.fates ?? []).map(\.json)), "code": JSONValue(answer?.reason?.code.rawValue),
            "sentence": JSONValue(answer?.sentence), "rules": .array((answer == nil ? differences : []).map(\.json)),
        ]
    }

    func text(_ layout: TextLayout) -> String {
        if let answer { return wrapped(answer.sentence, first: "CILIUM    ", width: layout.proseWidth).map { $0 + "\n" }.joined() }
        guard !differences.isEmpty else { return "CILIUM    Cilium \(version) does the same for every rule of this pod.\n" }
        let reasons = Set(differences.map { "\($0.reason.code): \($0.reason.text)" }).sorted()
        return differences.table(version, layout).text(width: layout.width)
            + reasons.flatMap { wrapped($0, first: "  ", width: layout.proseWidth) }.map { $0 + "\n" }.joined()
    }
}
