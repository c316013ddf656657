import EgressModel
import EgressPolicy
import EgressPorts

extension CommandEnvironment {
    /// The cluster's state as it is now, and what it means.
    func effectivePolicy(_ options: GlobalOptions) async throws -> EffectivePolicy {
        effectivePolicy(of: try await cluster(options).snapshot())
    }

    /// A command line has no memory, so a policy that is broken now has no last good version here.
    func effectivePolicy(of snapshot: ClusterSnapshot) -> EffectivePolicy {
        EgressPolicy.resolve(snapshot, accepted: [:], now: clock.secondsSinceEpoch())
    }
}

extension GlobalOptions {
    /// The namespace to look at alone; `nil`: all. A snapshot has no current namespace, so all is what no flag means.
    var onlyNamespace: String? { allNamespaces || namespace == "" ? nil : namespace }
}

/// `a, b and c`; `none` for no names; cut after ten.
func namesInWords(_ names: [String]) -> String {
    let shown = names.prefix(10)
    let more = names.count - shown.count
    if shown.isEmpty { return "none" }
    return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
}
