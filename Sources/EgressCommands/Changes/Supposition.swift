import EgressModel
import EgressPolicy

/// What a cluster would be, and what that does to its pods.
struct Supposition: Sendable {
    let before: EffectivePolicy
    let after: EffectivePolicy
    let changes: PolicyChanges
    /// False: pods, policies or what nodes say couldn't be read whole, so that counts are lower bounds.
    let isExact: Bool

    init(from present: ClusterSnapshot, to supposed: ClusterSnapshot, in environment: CommandEnvironment) {
        let forecast = Forecast(from: present, to: supposed)
        before = environment.effectivePolicy(of: present)
        after = environment.effectivePolicy(of: forecast.snapshot)
        changes = policyChanges(before: before, after: after, unasked: forecast.unasked)
        isExact = present.isComplete && before.hasEveryPod && after.hasEveryPod && !present.lacks(.policy)
    }
}

extension Supposition {
    /// `2 pods gain an egress IP, 1 pod loses its egress IP`; `nil` when no pod is touched.
    var summary: String? {
        var parts: [String] = []
        if changes.gain > 0 { parts.append(counted(changes.gain, "pod gains", "pods gain") + " an egress IP") }
        if changes.lose > 0 {
            parts.append(counted(changes.lose, "pod loses", "pods lose") + (changes.lose == 1 ? " its" : " their") + " egress IP")
        }
        if changes.change > 0 { parts.append(counted(changes.change, "pod leaves", "pods leave") + " in another way") }
        guard !parts.isEmpty else { return nil }
        return (isExact ? "" : "at least ") + parts.joined(separator: ", ")
    }

    /// Connections can only be counted where helpers can be asked, which this version doesn't do.
    static let connections = "open connections at stake: unknown [\(ReasonCode.liveDataUnknown)]"
}

/// `--max-pods`.
struct PodLimit: Sendable {
    /// Of a change that touches more pods than allowed; neither kubectl's "differences" nor an error of another kind.
    static let exitCode: Int32 = 3

    /// `nil`: any number.
    let most: Int?

    init(flag text: String?, of command: String) throws(CommandError) {
        guard let text else {
            most = nil
            return
        }
        guard let number = Int(text), number >= 0 else {
            let why = Int(text) == nil ? "invalid syntax" : "must be 0 or more"
            throw .usage(
                "invalid argument \"\(plainText(text))\" for \"--max-pods\" flag: strconv.ParseInt: parsing \"\(plainText(text))\": \(why)",
                of: command)
        }
        most = number
    }

    /// Throws where more pods are touched than allowed, and where that can't be known.
    func check(_ supposition: Supposition, consequence: String) throws(CommandError) {
        guard let most else { return }
        let pods = supposition.changes.pods.count
        guard pods <= most else {
            throw CommandError(
                lines: [
                    "error: \(counted(pods, "pod", "pods")) would leave in another way, --max-pods allows \(most)\(consequence) [\(ReasonCode.tooManyPods)]"
                ],
                hints: ["kubectl egress diff -f FILE lists them; if they are meant, raise --max-pods"], exitCode: Self.exitCode)
        }
        guard supposition.isExact else {
            throw CommandError(
                "how many pods would leave in another way isn't known, so --max-pods can't be kept\(consequence)",
                hints: ["look at the notes above: what couldn't be read has to be readable for --max-pods"])
        }
    }
}
