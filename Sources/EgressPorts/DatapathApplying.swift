public import EgressModel
public import EgressPlan

/// The kernel's side of the datapath: programs, maps, links. Blocking; the caller gives it an executor of its own.
public protocol DatapathApplying: DatapathSight {
    /// `tcx` or `clsact`.
    var attachMode: String { get }
    var abiVersion: Int { get }
    /// What is attached and what the maps hold, read back from the kernel; netfilter rules aside.
    func actualState() throws -> DatapathState
    /// Does one step; `attach` of what is attached and `remove…` of what is gone succeed. Netfilter steps are not its.
    func execute(_ operation: DatapathOperation) throws
    /// Whether ``HostNetworking/changes()`` has an element when somebody touches an attachment. If not, somebody has to look.
    var hearsOfAttachments: Bool { get }
    /// Puts back what somebody else removed or replaced of what `execute` attached, or an earlier helper; an interface that
    /// is gone needs nothing. Connections go on: records and flows stay as they are. Cheap when nothing is amiss.
    func mendAttachments() throws -> MendedAttachments
    func revision() throws -> UInt64
    func setRevision(_ revision: UInt64) throws
    /// Connections that were open before a policy first claimed their pod, and live: of one pod, by the index of its device,
    /// or of all.
    func exemptConnections(of interfaceIndex: Int?) throws -> [LiveConnection]
    /// Those of the interfaces on whose received packets programs of others run too, and may lead them past netfilter; all of
    /// them where that can't be told.
    func interfacesOfOthers(among interfaceIndices: [Int]) throws -> Set<Int>
    /// By entry's id, the egress addresses that its living translations have.
    func addressesInUse() throws -> [UInt32: Set<IPAddress>]
    func counters() throws -> [DatapathCounter]
    func mapFill() throws -> [MapFill]
    /// One round of removing connections that timed out; returns how many went.
    func collectGarbage() throws -> Int
}

/// The kernel's side of interfaces, addresses and netfilter. Blocking.
public protocol HostNetworking: AddressClaiming, ConnectionKeeping {
    func facts() throws -> HostFacts
    /// One element whenever links, addresses, routes, filters of `clsact` or netfilter's rules changed, bursts joined; the first
    /// at once.
    func changes() -> AsyncStream<Void>
    /// Makes sure that our tunnel device exists, is up, and has its sysctls; returns its index and MTU for inner packets.
    func ensureTunnel(port: UInt16) throws -> TunnelDevice
    /// Replaces our nft table in one transaction.
    func setNetfilter(_ rules: NetfilterRules) throws
    /// Of our nft table as it is; cheap when no ruleset has changed since the last time. ``changes()`` says when one did.
    func netfilterFingerprint() throws -> NetfilterFingerprint
    /// Keeps the kernel from giving these ports to sockets.
    func reservePorts(_ ports: ClosedRange<UInt16>) throws
    /// Makes the stack route marked packets into the tunnel device; `nil`: no longer.
    func setStackRoutes(_ routes: StackRoutes?) throws
    /// Before these pods' connections go through the stack: the kernel's connection tracking may know them from an earlier
    /// time, and would call what it missed since out of its window.
    func loosenTracking(of pods: Set<IPAddress>) throws
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
