public import EgressModel

/// One entry of a policy with a `strategy` that a node has to ask a plugin module for.
public struct StrategyRequest: Sendable, Hashable {
    public var policy: String
    public var policyUID: String
    public var entry: Int
    /// The module's name.
    public var strategy: String
    /// A JSON object, as text.
    public var configuration: String
    /// Families of the policy's destinations.
    public var families: [IPFamily]
    public var node: String
    public var nodeLabels: Labels
    public var nodeAnnotations: [String: String]

    public var key: EntryKey { EntryKey(policyUID: policyUID, entry: entry) }

    public init(
        policy: String, policyUID: String, entry: Int, strategy: String, configuration: String, families: [IPFamily], node: String,
        nodeLabels: Labels, nodeAnnotations: [String: String]
    ) {
        self.policy = policy
        self.policyUID = policyUID
        self.entry = entry
        self.strategy = strategy
        self.configuration = configuration
        self.families = families
        self.node = node
        self.nodeLabels = nodeLabels
        self.nodeAnnotations = nodeAnnotations
    }
}
