import CEgressABI
import EgressModel

/// One family of addresses as the datapath has it.
protocol DatapathFamily {
    associatedtype Address: WireAddress
    associatedtype LPMKey: LPMKeyLayout<Address>
    associatedtype RuleKey: RuleKeyLayout<Address>
    associatedtype Entry: EntryLayout<Address>
    associatedtype FlowKey: FlowKeyLayout<Address>
    associatedtype Half: HalfLayout<Address>
    associatedtype Flow: FlowLayout<Half>
    associatedtype ForwardKey: ForwardKeyLayout<Address>
    associatedtype ReverseKey: ReverseKeyLayout<Address>
    associatedtype Reverse: ReverseLayout<Address>
    associatedtype Collect: CollectLayout<FlowKey, ForwardKey, ReverseKey>

    static var family: IPFamily { get }
    /// What the names of its maps and programs end in.
    static var number: String { get }
    static func wire(_ address: IPAddress, _ what: @autoclosure () -> String) throws -> Address
    static func address(_ wire: Address) -> IPAddress
    /// As a flow has the egress address that another node gives it: one word, see `struct egress_half4`.
    static func folded(_ address: Address) -> Address
}

enum IPv4Datapath: DatapathFamily {
    typealias Address = egress_address4
    typealias LPMKey = egress_lpm_key4
    typealias RuleKey = egress_rule_key4
    typealias Entry = egress_entry4
    typealias FlowKey = egress_flow_key4
    typealias Half = egress_half4
    typealias Flow = egress_flow4
    typealias ForwardKey = egress_fwd_key4
    typealias ReverseKey = egress_rev_key4
    typealias Reverse = egress_rev4
    typealias Collect = egress_collect4

    static let family = IPFamily.ipv4
    static let number = "4"

    static func wire(_ address: IPAddress, _ what: @autoclosure () -> String) throws -> egress_address4 {
        egress_address4(word: try address.wire4(what()))
    }

    static func address(_ wire: egress_address4) -> IPAddress { IPAddress(wire4: wire.word) }

    static func folded(_ address: egress_address4) -> egress_address4 { address }
}

enum IPv6Datapath: DatapathFamily {
    typealias Address = egress_address6
    typealias LPMKey = egress_lpm_key6
    typealias RuleKey = egress_rule_key6
    typealias Entry = egress_entry6
    typealias FlowKey = egress_flow_key6
    typealias Half = egress_half6
    typealias Flow = egress_flow6
    typealias ForwardKey = egress_fwd_key6
    typealias ReverseKey = egress_rev_key6
    typealias Reverse = egress_rev6
    typealias Collect = egress_collect6

    static let family = IPFamily.ipv6
    static let number = "6"

    static func wire(_ address: IPAddress, _ what: @autoclosure () -> String) throws -> egress_address6 {
        try address.wire6(what())
    }

    static func address(_ wire: egress_address6) -> IPAddress { IPAddress(wire6: wire) }

    /// `address_fold` in C.
    static func folded(_ address: egress_address6) -> egress_address6 {
        let word = address.word
        var folded = egress_address6()
        folded.word.0 = [word.1, word.2, word.3].reduce(word.0) { egress_mix($0) ^ $1 }
        return folded
    }
}

extension egress_address4: WireAddress {}
extension egress_address6: WireAddress {}
extension egress_lpm_key4: LPMKeyLayout {}
extension egress_lpm_key6: LPMKeyLayout {}
extension egress_rule_key4: RuleKeyLayout {}
extension egress_rule_key6: RuleKeyLayout {}
extension egress_entry4: EntryLayout {
    typealias Address = egress_address4
}
extension egress_entry6: EntryLayout {
    typealias Address = egress_address6
}
extension egress_flow_key4: FlowKeyLayout {}
extension egress_flow_key6: FlowKeyLayout {}
extension egress_half4: HalfLayout {}
extension egress_half6: HalfLayout {}
extension egress_flow4: FlowLayout {}
extension egress_flow6: FlowLayout {}
extension egress_fwd_key4: ForwardKeyLayout {}
extension egress_fwd_key6: ForwardKeyLayout {}
extension egress_rev_key4: ReverseKeyLayout {}
extension egress_rev_key6: ReverseKeyLayout {}
extension egress_rev4: ReverseLayout {}
extension egress_rev6: ReverseLayout {}
extension egress_collect4: CollectLayout {}
extension egress_collect6: CollectLayout {}
