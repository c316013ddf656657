public import EgressPlan

/// The kernel's side of the datapath: programs, maps, links. Blocking; the caller gives it an executor of its own.
public protocol DatapathApplying: Sendable {
    /// `tcx` or `clsact`.
    var attachMode: String { get }
    var abiVersion: Int { get }
    /// What is attached and what the maps hold, read back from the kernel; netfilter rules aside.
    func actualState() throws -> DatapathState
    /// Does one step; `attach` of what is attached and `remove…` of what is gone succeed. Netfilter steps are not its.
    func execute(_ operation: DatapathOperation) throws
    func revision() throws -> UInt64
    func setRevision(_ revision: UInt64) throws
    func counters() throws -> [DatapathCounter]
    func mapFill() throws -> [MapFill]
    /// One round of removing connections that timed out; returns how many went.
    func collectGarbage() throws -> Int
}

/// The kernel's side of interfaces, addresses and netfilter. Blocking.
public protocol HostNetworking: AddressClaiming {
    func facts() throws -> HostFacts
    /// One element whenever links, addresses or routes changed, bursts joined; the first at once.
    func changes() -> AsyncStream<Void>
    /// Makes sure that our tunnel device exists, is up, and has its sysctls; returns its index and MTU for inner packets.
    func ensureTunnel(port: UInt16) throws -> TunnelDevice
    /// Replaces our nft table in one transaction.
    func setNetfilter(_ rules: NetfilterRules) throws
    /// Keeps the kernel from giving these ports to sockets.
    func reservePorts(_ ports: ClosedRange<UInt16>) throws
}

/// Modules that find egress IPs by a strategy of their own.
public protocol StrategyProviding: Sendable {
    func list() async -> [PluginStatus]
    /// Throws ``HelperError`` with `not_found`, `plugin_refused`, `plugin_no_address` or `plugin_failed`.
    func resolve(strategy: String, requestJSON: String) async throws -> PluginAnswer
    /// Something on the node changed; `json` is what `egress_plugin.h` says of `facts`. Returns at once, whatever modules
    /// do: a module that is busy hears the newest, and a question asked after this one is answered knowing it.
    func factsChanged(_ json: String)
}
