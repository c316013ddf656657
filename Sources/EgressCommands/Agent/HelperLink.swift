import EgressModel
import EgressPlan
import EgressPorts

/// The agent's side of its helper, as it is now: shared between the task that listens and the one that decides.
actor HelperLink {
    struct Connection: Sendable {
        var helper: any HelperCalling
        var status: HelperStatus
        /// Counts connections: what was applied over an earlier one has to be said again.
        var number: Int
        var facts: HostFacts?
    }

    enum State: Sendable {
        case down(HelperError)
        case up(Connection)
    }

    private(set) var state = State.down(HelperError(code: "unreachable", message: "not connected to the helper yet"))
    private var connections = 0

    func connected(_ helper: any HelperCalling, _ status: HelperStatus) {
        connections += 1
        state = .up(Connection(helper: helper, status: status, number: connections))
    }

    /// Facts of the connection that is up.
    func heard(_ facts: HostFacts) {
        guard case .up(var connection) = state else { return }
        connection.facts = facts
        state = .up(connection)
    }

    func lost(_ error: HelperError) { state = .down(error) }
}
