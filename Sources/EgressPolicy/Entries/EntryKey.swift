/// One gateway entry of one policy.
public struct EntryKey: Sendable, Hashable, Comparable {
    public var policyUID: String
    /// Position in ``EgressModel/EgressGatewayPolicy/gateways``.
    public var entry: Int

    public init(policyUID: String, entry: Int) {
        self.policyUID = policyUID
        self.entry = entry
    }

    public static func < (a: EntryKey, b: EntryKey) -> Bool { (a.policyUID, a.entry) < (b.policyUID, b.entry) }
}
