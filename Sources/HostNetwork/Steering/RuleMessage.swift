// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// RTM_NEWRULE, as far as it matters here: which mark leads to which table.
struct RuleMessage: Equatable {
    var priority: UInt32
    var mark: UInt32
    var mask: UInt32
    var table: UInt32

    init(priority: UInt32, mark: UInt32, mask: UInt32, table: UInt32) {
        (self.priority, self.mark, self.mask, self.table) = (priority, mark, mask, table)
    }

    init?(_ message: NetlinkMessage) throws(NetlinkError) {
        guard message.type == Int(RTM_NEWRULE) else { return nil }
        guard let head = message.payload.load(fib_rule_hdr.self) else { throw .malformed("a rule without a header") }
        let attributes = try Attribute.parse(message.payload.dropFirst(MemoryLayout<fib_rule_hdr>.size))
        priority = try attributes.last(Int(FRA_PRIORITY))?.number(UInt32.self) ?? 0
        mark = try attributes.last(Int(FRA_FWMARK))?.number(UInt32.self) ?? 0
        mask = try attributes.last(Int(FRA_FWMASK))?.number(UInt32.self) ?? 0
        table = try attributes.last(Int(FRA_TABLE))?.number(UInt32.self) ?? UInt32(head.table)
    }

    /// `ip rule add|delete fwmark MARK/MASK lookup TABLE priority PRIORITY`
    func request(_ type: Int, family: Int32, flags: Int32 = 0) -> NetlinkRequest {
        var head = fib_rule_hdr()
        head.family = UInt8(clamping: family)
        head.action = UInt8(FR_ACT_TO_TBL)
        var request = NetlinkRequest(type, flags: Int(flags | NLM_F_ACK), head)
        request.add(Int(FRA_PRIORITY), number: priority)
        request.add(Int(FRA_FWMARK), number: mark)
        request.add(Int(FRA_FWMASK), number: mask)
        request.add(Int(FRA_TABLE), number: table)
        return request
    }
}
