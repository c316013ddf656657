public import EgressModel

/// How the helper is, and what the kernel has of its plan.
public struct HelperStatus: Sendable, Hashable {
    public var helper: HelperVersion
    public var node: String
    public var uptimeSeconds: Int64
    /// How often the helper started again on this node since the node booted.
    public var restarts: Int
    /// Of the plan in force; 0 before the first.
    public var revision: UInt64
    public var attachments: [AttachedProgram]
    /// Pods of the plan that no device was found for.
    public var notGoverned: [ObjectReference]
    /// How pods are steered, and why.
    public var steering: SteeringFact
    /// Connections that were open before a policy first claimed their pod, and leave as they did.
    public var exemptConnections: Int
    /// Pods of the plan whose open connections ended when a policy first claimed them, by name.
    public var endedConnections: [EndedConnections]
    /// Map name to entries and capacity.
    public var maps: [MapFill]
    public var counters: [DatapathCounter]
    public var lastError: String?

    public init(
        helper: HelperVersion, node: String, uptimeSeconds: Int64, restarts: Int = 0, revision: UInt64, attachments: [AttachedProgram] = [],
        notGoverned: [ObjectReference] = [], steering: SteeringFact = SteeringFact(annotation: nil, flag: .auto, forward: []),
        exemptConnections: Int = 0, endedConnections: [EndedConnections] = [], maps: [MapFill] = [],
        counters: [DatapathCounter] = [], lastError: String? = nil
    ) {
        self.helper = helper
        self.node = node
        self.uptimeSeconds = uptimeSeconds
        self.restarts = restarts
        self.revision = revision
        self.attachments = attachments
        self.notGoverned = notGoverned
        self.steering = steering
        self.exemptConnections = exemptConnections
        self.endedConnections = endedConnections
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
