public import EgressPlan

/// What lets a pod's open connections go on when a policy first claims it. Blocking.
public protocol ConnectionKeeping: Sendable {
    /// Whether open connections go on at all; else nobody reads them, and they end.
    var keepsConnections: Bool { get }
    /// The connections that pods have open now, TCP and UDP; of some pods they may be unreadable.
    func openConnections(of pods: [PodDevice]) -> OpenConnections
    /// Lets the guard pass these until no packet came for as long as such a connection may be idle. Those that the pod did
    /// not open need none.
    func exemptFromGuard(_ connections: [LiveConnection]) throws
    /// What the guard dropped, since our table is there.
    func guardDrops() throws -> GuardDrops
}
