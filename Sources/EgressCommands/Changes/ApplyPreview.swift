import EgressModel
import EgressPolicy
import EgressPorts

/// What `apply` says, before it applies anything, of what that will do to pods.
struct ApplyPreview: Sendable {
    let environment: CommandEnvironment
    let limit: PodLimit

    /// Pods that are named; `diff` lists all.
    private static let mostPods = 3

    private enum Answer {
        /// Nothing here can change how a pod leaves.
        case irrelevant
        /// Who may change objects may perhaps not read the cluster.
        case unknown(String)
        case known(Supposition)
    }

    /// Says it on standard error; silence means that no pod leaves in another way. Throws where `--max-pods` forbids to go on.
    func show(_ items: [CheckedManifests.Item], on cluster: any Cluster) async throws {
        switch try await answer(items, cluster) {
        case .irrelevant: return
        case .unknown(let why) where limit.most == nil: environment.note("note: what this does to pods is unknown: \(why)")
        case .unknown(let why):
            throw CommandError("what this does to pods is unknown, so --max-pods can't be kept; nothing was applied: \(why)")
        case .known(let supposition):
            say(supposition)
            try limit.check(supposition, consequence: "; nothing was applied")
        }
    }

    private func answer(_ items: [CheckedManifests.Item], _ cluster: any Cluster) async throws -> Answer {
        let overlay: ManifestOverlay
        do {
            overlay = try await ManifestOverlay(items, over: cluster)
        } catch let error as ClusterError where error.message.hasPrefix("Error from server (Forbidden)") {
            return .unknown("\(error.message) [\(ReasonCode.readForbidden)]")
        }
        guard !overlay.isEmpty else { return .irrelevant }
        let present = try await cluster.snapshot()
        if let hidden = present.unread.first(where: { $0.kind == .policy || $0.kind == .pod && present.pods.isEmpty }) {
            return .unknown("\(hidden.kind.inWords) can't be read [\(hidden.code)]")
        }
        environment.noteWhatIsKnown(of: present)
        return .known(Supposition(from: present, to: present.overlaid(by: overlay.objects), in: environment))
    }

    private func say(_ supposition: Supposition) {
        let pods = supposition.changes.pods
        if let summary = supposition.summary {
            for line in wrapped("\(summary); \(Supposition.connections)", first: "change: ") { environment.note(line) }
        }
        for change in pods.prefix(Self.mostPods) { environment.note("  " + Self.line(change)) }
        if pods.count > Self.mostPods {
            environment.note("  and \(counted(pods.count - Self.mostPods, "pod", "pods")) more, which kubectl egress diff lists")
        }
        for finding in supposition.changes.findings where finding.severity < .info {
            for line in wrapped(Self.text(finding), first: "Warning: ") { environment.note(line) }
        }
    }

    private static func line(_ change: PodChange) -> String {
        let pod = "\(change.pod.namespace)/\(change.pod.name)"
        guard let first = change.destinations.first else { return pod }
        let (before, after) = first.inWords
        let more = change.count - 1
        return "\(pod) to \(first.prefix): \(before) -> \(after)" + (more > 0 ? ", and \(more) more" : "")
    }

    private static func text(_ finding: Finding) -> String {
        let object = finding.object.map { "\($0): " } ?? ""
        return "\(object)\(finding.message) [\(finding.code)]"
    }
}
