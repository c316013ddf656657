public import EgressModel
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
}

public struct HelperStatus: Sendable, Hashable {
    public var helper: HelperVersion
    public var node: String
    public var uptimeSeconds: Int64
    /// Of the plan in force; 0 before the first.
    public var revision: UInt64
    public var attachments: [AttachedProgram]
    /// Pods of the plan that no device was found for.
    public var notGoverned: [ObjectReference]
    /// Map name to entries and capacity.
    public var maps: [MapFill]
    public var counters: [DatapathCounter]
    public var lastError: String?

    public init(
        helper: HelperVersion, node: String, uptimeSeconds: Int64, revision: UInt64, attachments: [AttachedProgram] = [],
        notGoverned: [ObjectReference] = [], maps: [MapFill] = [], counters: [DatapathCounter] = [], lastError: String? = nil
    ) {
        self.helper = helper
        self.node = node
        self.uptimeSeconds = uptimeSeconds
        self.revision = revision
        self.attachments = attachments
        self.notGoverned = notGoverned
        self.maps = maps
        self.counters = counters
        self.lastError = lastError
    }
}

public struct AttachedProgram: Sendable, Hashable {
    public var program: Attachment.Program
    public var interface: String
    public var interfaceIndex: Int

    public init(program: Attachment.Program, interface: String, interfaceIndex: Int) {
        self.program = program
        self.interface = interface
        self.interfaceIndex = interfaceIndex
    }
}

public struct MapFill: Sendable, Hashable {
    public var name: String
    public var used: Int
    public var capacity: Int

    public init(name: String, used: Int, capacity: Int) {
        self.name = name
        self.used = used
        self.capacity = capacity
    }
}

/// A counter of the datapath: drops by reason, and what else is counted.
public struct DatapathCounter: Sendable, Hashable {
    /// `no_flow`, `translated` …: the name of the `enum` member in `egress_abi.h`, without its prefix, in lower case.
    public var name: String
    /// `EG3nnn` for a drop, `nil` for other counters.
    public var code: ReasonCode?
    public var packets: UInt64
    public var bytes: UInt64

    public init(name: String, code: ReasonCode?, packets: UInt64, bytes: UInt64) {
        self.name = name
        self.code = code
        self.packets = packets
        self.bytes = bytes
    }
}

public struct PlanApplied: Sendable, Hashable {
    public var revision: UInt64
    /// Writes to the kernel that it took.
    public var changed: Int

    public init(revision: UInt64, changed: Int) {
        self.revision = revision
        self.changed = changed
    }
}

/// What the helper, or the way to it, answered instead of a result.
public struct HelperError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `unreachable`, `timeout`, or a code of the protocol: `bad_request`, `unknown_method`, `forbidden`,
    /// `stale_revision`, `not_found`, `plugin_failed`, `kernel_refused`, `busy`. Unknown codes are kept as text.
    public var code: String
    public var message: String
    public var hint: String?

    public init(code: String, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    public var description: String { hint.map { "\(message) (\($0))" } ?? message }
}
