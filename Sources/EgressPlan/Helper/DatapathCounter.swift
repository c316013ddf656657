public import EgressModel

/// A counter of the datapath: drops by reason, and what else is counted.
public struct DatapathCounter: Sendable, Hashable {
    /// `no_flow`, `translated` …: the name of the `enum` member in `egress_abi_counts.h`, without its prefix, in lower case.
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
