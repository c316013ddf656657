public import EgressModel
public import EgressPlan

/// What can be seen of the datapath at work. Blocking; nothing of it changes what packets suffer.
public protocol DatapathSight: Sendable {
    /// Calls `take` with what happens to connections, on a thread of its own, until the watch is ended. The programs write
    /// events only while somebody watches, and lose them where that is too slow: `lost` is how many since the last call.
    ///
    /// One watch at a time: a second one throws.
    func watchEvents(_ take: @escaping @Sendable (_ events: [DatapathEvent], _ lost: UInt64) -> Void) throws -> any EventWatch
    /// Living translations of this node that fit.
    func translations(_ query: TranslationQuery, names: FlowNames) throws -> TranslationList
    /// Ports in use by egress IP and remote, the fullest first.
    func portUse(_ query: PortQuery) throws -> [PortUse]
    /// Counters by policy and by egress IP.
    func traffic(names: FlowNames) throws -> TrafficReport
    /// Runs one packet through the programs, on copies of the maps that go with the call. Takes as long as loading the
    /// programs does, and holds nobody up meanwhile.
    func trace(_ probe: TraceProbe, names: FlowNames) throws -> TraceResult
}

/// A watch that is going on. It ends by ``end()`` only.
public protocol EventWatch: Sendable {
    /// After it returns, `take` isn't called any more.
    func end()
}

/// A packet to trace, in the datapath's terms.
public struct TraceProbe: Sendable, Hashable {
    public enum Entrance: Sendable, Hashable {
        /// The host side of a pod's veth.
        case pod(interfaceIndex: Int, source: IPAddress)
        /// The tunnel, from the node of this outer address.
        case tunnel(from: IPAddress, entry: UInt32, source: IPAddress)
    }

    public var entrance: Entrance
    public var request: TraceRequest

    public init(_ entrance: Entrance, _ request: TraceRequest) {
        self.entrance = entrance
        self.request = request
    }

    /// The pod's own address.
    public var source: IPAddress {
        switch entrance {
        case .pod(_, let source), .tunnel(_, _, let source): source
        }
    }
}
