public import EgressPlan

/// The node's helper, as its clients see it. Every call throws ``HelperError``.
public protocol HelperCalling: Sendable {
    func status() async throws -> HelperStatus
    func facts() async throws -> HostFacts
    /// The facts now, then again after each change; ends with the connection.
    func factsChanges() async throws -> AsyncThrowingStream<HostFacts, any Error>
    /// Answers once the kernel has the plan. Throws `stale_revision` for a revision that is not newer.
    func apply(_ plan: NodePlan, revision: UInt64) async throws -> PlanApplied
    /// The plan in force, without its secrets; `nil` before the first.
    func plan() async throws -> (revision: UInt64, plan: NodePlan)?
    /// What the kernel really holds.
    func state() async throws -> DatapathState
    func plugins() async throws -> [PluginStatus]
    /// Asks a module for one entry; `requestJSON` and the answer are as in `egress_plugin.h`.
    func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer
    // MARK: Sight

    /// What happens to connections from now on; ends with the connection. Nothing comes of what was before.
    func flows(_ query: FlowQuery) async throws -> AsyncThrowingStream<FlowNews, any Error>
    /// Living translations.
    func translations(_ query: TranslationQuery) async throws -> TranslationList
    /// Ports of egress IPs by remote, the fullest first.
    func ports(_ query: PortQuery) async throws -> [PortUse]
    /// Counters: of the node, by policy, by egress IP.
    func traffic() async throws -> TrafficReport
    /// One crafted packet through the loaded programs, on private maps. Throws `not_found` for a pod or a node that this
    /// node's plan doesn't have.
    func trace(_ request: TraceRequest) async throws -> TraceResult
}
