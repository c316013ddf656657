import EgressModel
import EgressPorts
import JSONText

/// Waits until an installation works: definitions established, the DaemonSet rolled out, and every node that runs it
/// reporting.
struct InstallWait {
    let cluster: any Cluster
    let environment: CommandEnvironment
    /// Seconds.
    let timeout: Double

    /// Seconds between two looks.
    private static let period = 1.0

    func untilRunning(_ manifests: InstallManifests) async throws {
        let deadline = environment.clock.secondsSinceEpoch() + Int64(min(timeout, 1e9).rounded(.up))
        var said = ""
        while true {
            guard let waiting = try await missing(manifests) else { break }
            if waiting != said, environment.terminal.isError { environment.note("waiting: \(waiting)") }
            said = waiting
            guard environment.clock.secondsSinceEpoch() < deadline else {
                throw CommandError(
                    lines: ["error: timed out waiting for the installation: \(plainText(waiting))"],
                    hints: ["kubectl -n \(InstallManifests.namespace) get pods -o wide", "\(CommandName.program) status"])
            }
            try await environment.clock.sleep(seconds: Self.period)
        }
    }

    /// What is still waited for; `nil`: nothing.
    private func missing(_ manifests: InstallManifests) async throws -> String? {
        for definition in manifests.definitions {
            let object = try await read(definition)
            if !Self.isEstablished(object) { return "\(definition.resourceName) isn't established yet" }
        }
        guard let manifest = manifests.daemonSet else { return nil }
        let rollout = Rollout(try await read(manifest))
        if let missing = rollout.missing { return "\(manifest.resourceName): \(missing)" }
        return try await silentNodes(expected: rollout.desired)
    }

    private func read(_ manifest: Manifest) async throws -> JSONValue {
        guard let text = try await cluster.object(manifest.object, apiVersion: manifest.apiVersion) else { return .null }
        return (try? JSONValue(parsing: text)) ?? .null
    }

    private static func isEstablished(_ definition: JSONValue) -> Bool {
        (definition["status"]?["conditions"]?.arrayValue ?? []).contains { $0["type"] == "Established" && $0["status"] == "True" }
    }

    private func silentNodes(expected: Int) async throws -> String? {
        let snapshot = try await environment.snapshot(of: cluster)
        if snapshot.lacks(.egressNode) { return nil }
        let now = environment.clock.secondsSinceEpoch()
        let reporting = snapshot.egressNodes.count { node in node.reportedAt.map { NodeReport.isFresh($0, now: now) } ?? false }
        return reporting >= expected ? nil : "\(reporting) of \(expected) nodes report"
    }
}

/// How far a DaemonSet is (`apps/v1` DaemonSetStatus), by what `kubectl rollout status` looks at.
struct Rollout {
    let desired: Int
    /// What is missing; `nil`: it is rolled out.
    let missing: String?

    init(_ object: JSONValue) {
        let status = object["status"]
        func number(_ key: String) -> Int { status?[key]?.integerValue() ?? 0 }
        desired = number("desiredNumberScheduled")
        let generation: Int64 = object["metadata"]?["generation"]?.integerValue() ?? 0
        let observed: Int64 = status?["observedGeneration"]?.integerValue() ?? 0
        if object.isNull {
            missing = "isn't there"
        } else if observed < generation {
            missing = "no controller has looked at it yet"
        } else if number("updatedNumberScheduled") < desired {
            missing = "\(number("updatedNumberScheduled")) of \(desired) pods are updated"
        } else if number("numberAvailable") < desired {
            missing = "\(number("numberAvailable")) of \(desired) pods are available"
        } else {
            missing = nil
        }
    }
}
