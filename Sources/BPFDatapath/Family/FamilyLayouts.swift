// The names are those of the C structures.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CEgressABI

/// The structures of `egress_abi_family.h` by what they hold, so that what is done with them is written once for both
/// families. Ports and addresses are as on the wire.
protocol WireAddress {
    init()
}

protocol LPMKeyLayout<Address> {
    associatedtype Address: WireAddress
    var prefixlen: UInt32 { get }
    var address: Address { get }
    init(prefixlen: UInt32, address: Address)
}

protocol RuleKeyLayout<Address> {
    associatedtype Address: WireAddress
    var prefixlen: UInt32 { get }
    var set: UInt32 { get }
    var destination: Address { get }
    init(prefixlen: UInt32, set: UInt32, destination: Address)
}

protocol EntryLayout<Address> {
    associatedtype Address: WireAddress
    associatedtype Addresses
    var set: UInt32 { get set }
    var ifindex: UInt32 { get set }
    var policy: UInt32 { get set }
    var keep_min: UInt16 { get set }
    var keep_max: UInt16 { get set }
    var port_base: UInt16 { get set }
    var port_mask: UInt16 { get set }
    var flags: UInt32 { get set }
    var count: UInt32 { get set }
    var egress: Addresses { get set }
    var drains: UInt32 { get set }
    var adopt_until: UInt32 { get set }
    init()
}

protocol FlowKeyLayout<Address> {
    associatedtype Address: WireAddress
    var pod: Address { get set }
    var remote: Address { get set }
    var pod_port: UInt16 { get set }
    var remote_port: UInt16 { get set }
    var `protocol`: UInt8 { get set }
    init()
}

protocol HalfLayout<Address> {
    associatedtype Address: WireAddress
    var egress: Address { get set }
    var egress_port: UInt16 { get set }
    var seen: UInt8 { get set }
    var flags: UInt8 { get set }
    var last: UInt32 { get set }
    var created: UInt32 { get set }
    var node: UInt32 { get set }
    var policy: UInt16 { get set }
    var counter: UInt16 { get set }
    var way: egress_way { get set }
    init()
}

protocol FlowLayout<Half> {
    associatedtype Half: HalfLayout
    var half: Half { get set }
    var kind: UInt8 { get set }
    var place: UInt8 { get set }
    var seen_in: UInt8 { get set }
    var ifindex: UInt32 { get set }
    var policy: UInt32 { get set }
    var entry: UInt32 { get set }
    init()
}

protocol ForwardKeyLayout<Address> {
    associatedtype Address: WireAddress
    var entry: UInt32 { get set }
    var source: Address { get set }
    var remote: Address { get set }
    var source_port: UInt16 { get set }
    var remote_port: UInt16 { get set }
    var `protocol`: UInt8 { get set }
    init()
}

protocol ReverseKeyLayout<Address> {
    associatedtype Address: WireAddress
    var egress: Address { get set }
    var remote: Address { get set }
    var egress_port: UInt16 { get set }
    var remote_port: UInt16 { get set }
    var `protocol`: UInt8 { get set }
    init()
}

protocol ReverseLayout<Address> {
    associatedtype Address: WireAddress
    var source: Address { get set }
    var source_port: UInt16 { get set }
    var seen: UInt8 { get set }
    var flags: UInt8 { get set }
    var entry: UInt32 { get set }
    var node: UInt32 { get set }
    var ifindex: UInt32 { get set }
    var last: UInt32 { get set }
    var until: UInt32 { get set }
    var policy: UInt16 { get set }
    var counter: UInt16 { get set }
    init()
}

protocol CollectLayout<FlowKey, ForwardKey, ReverseKey> {
    associatedtype FlowKey: FlowKeyLayout
    associatedtype ForwardKey: ForwardKeyLayout
    associatedtype ReverseKey: ReverseKeyLayout
    var step: UInt32 { get set }
    var table: UInt32 { get set }
    var last: UInt32 { get set }
    var rev_last: UInt32 { get set }
    var flow: FlowKey { get set }
    var fwd: ForwardKey { get set }
    var rev: ReverseKey { get set }
    init()
}
