import EgressModel
import EgressPlan
import EgressPolicy
import EgressPorts

/// How full ports are, as far as helpers can be asked.
struct PortsInUse: Sendable {
    /// The fullest first, by node.
    private var uses: [String: [PortUse]] = [:]
    /// Why a node's aren't known; without a node, why none are.
    private var silence: [String?: Finding] = [:]
    /// What the caller named, and doesn't answer.
    var findings: [Finding] = []

    /// What the fullest remote of an egress IP has of a node's ports.
    struct Answer: Sendable {
        /// `nil` where it isn't known.
        var used: Int?
        /// With none in use there is none.
        var busiest: PortUse?
        /// Why it isn't known.
        var unknown: Reason?
    }

    func answer(_ address: IPAddress, on node: String) -> Answer {
        guard let uses = uses[node] else {
            let why =
                (silence[node] ?? silence[nil])?.message ?? "only the helper of \(uses.keys.sorted().joined(separator: ", ")) was asked"
            return Answer(unknown: Reason(.liveDataUnknown, why))
        }
        if let busiest = uses.first(where: { $0.egressIP == address }) { return Answer(used: busiest.used, busiest: busiest) }
        guard uses.count < PortQuery.mostAtOnce else {
            return Answer(unknown: Reason(.liveDataUnknown, "\(node) has too many remotes to look at each"))
        }
        return Answer(used: 0)
    }

    fileprivate mutating func add(_ found: [PortUse], on node: String) { uses[node] = found.sorted(by: PortUse.inOrder) }
    fileprivate mutating func add(_ finding: Finding, on node: String?) { silence[node] = finding }
}

extension CommandEnvironment {
    /// Asks the helper of this machine, or of each node where `--socket` has `{node}`. Nobody has to answer: from outside of the
    /// cluster there is no way to a helper, and it is an error's worth of words only where one was named.
    func portsInUse(_ global: GlobalOptions, on nodes: [String]) async -> PortsInUse {
        var found = PortsInUse()
        let pattern = global.socket ?? AgentCommand.standardSocket
        let isOfEach = pattern.firstRange(of: "{node}") != nil
        let asked: [String?] = isOfEach ? nodes : [nil]
        for node in asked {
            do {
                let helper = try await openHelper(try Self.socketPath(pattern, node: node))
                let name = try await helper.status().node
                found.add(try await helper.ports(PortQuery(limit: PortQuery.mostAtOnce)), on: name)
            } catch {
                let finding = NodeHelpers.silence(node, error)
                found.add(finding, on: node)
                if global.socket != nil { found.findings.append(finding) }
            }
        }
        return found
    }
}
