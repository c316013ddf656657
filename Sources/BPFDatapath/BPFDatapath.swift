import CEgressABI
public import EgressModel
public import EgressPlan
public import EgressPorts
import Synchronization

/// The datapath of this node's kernel: BPF programs, their maps, and where they are attached.
///
/// Every call blocks and is one after another under a lock. Attaching concerns the calling thread's network namespace.
/// What it made stays in the kernel when it goes; ``open(pinRoot:attachMode:)`` takes it over again.
public final class BPFDatapath: DatapathApplying {
    private let loaded: Mutex<LoadedDatapath>
    public let attachMode: String
    public var abiVersion: Int { Int(EGRESS_ABI_VERSION) }

    /// What this start took over from a helper with another layout of the maps; `nil`: there was none, or none that it knows.
    public let takeover: LayoutTakeover?

    private init(_ datapath: sending LoadedDatapath) {
        attachMode = datapath.mode.rawValue
        takeover = datapath.takeover
        loaded = Mutex(datapath)
    }

    /// Loads the programs and takes over what an earlier helper left in the kernel.
    ///
    /// - Parameters:
    ///   - pinRoot: a folder on a BPF file system, made if missing (its parent must be there).
    ///   - attachMode: `nil`: tcx where the kernel has it, else clsact.
    public static func open(pinRoot: String, attachMode: AttachMode? = nil) throws -> BPFDatapath {
        BPFDatapath(try LoadedDatapath(pinRoot: pinRoot, mode: attachMode))
    }

    /// Fresh maps that go with this object; nothing is pinned.
    static func openUnpinned(capacity: UInt32 = 16384) throws -> BPFDatapath {
        BPFDatapath(try LoadedDatapath(unpinned: capacity))
    }

    /// For tests: the descriptor of a program, the tables.
    func withLoaded<Result: Sendable>(_ body: (LoadedDatapath) throws -> Result) rethrows -> Result {
        try loaded.withLock { try body($0) }
    }

    public func actualState() throws -> DatapathState { try withLoaded { try $0.actualState() } }
    public func execute(_ operation: DatapathOperation) throws { try withLoaded { try $0.execute(operation) } }
    public func revision() throws -> UInt64 { try withLoaded { try $0.revision() } }
    public func setRevision(_ revision: UInt64) throws { try withLoaded { try $0.setRevision(revision) } }
    public func exemptConnections(of interfaceIndex: Int?) throws -> [LiveConnection] {
        try withLoaded { try $0.exemptConnections(of: interfaceIndex) }
    }
    public func addressesInUse() throws -> [UInt32: Set<IPAddress>] { try withLoaded { try $0.addressesInUse() } }
    public func interfacesOfOthers(among interfaceIndices: [Int]) throws -> Set<Int> {
        try withLoaded { loaded in Set(try interfaceIndices.filter { try loaded.attachments.runsOthers(on: $0) }) }
    }
    public func counters() throws -> [DatapathCounter] { try withLoaded { try $0.counters() } }
    public func mapFill() throws -> [MapFill] { try withLoaded { try $0.mapFill() } }
    /// The kernel tells of filters (RTM_DELTFILTER and its like), and of links of tcx nothing.
    public var hearsOfAttachments: Bool { attachMode == AttachMode.clsact.rawValue }
    public func mendAttachments() throws -> MendedAttachments { try withLoaded { try $0.mendAttachments() } }
    public func collectGarbage() throws -> Int { try withLoaded { try $0.collectGarbage() } }
}
