// SPDX-License-Identifier: Apache-2.0
import CEgressShims

extension NetlinkSocket {
    /// The number that every change of nftables' rules raises, iptables-nft's too (NFT_MSG_GETGEN).
    static func rulesetGeneration() throws(NetlinkError) -> UInt32 {
        let type = NFNL_SUBSYS_NFTABLES << 8 | Int32(NFT_MSG_GETGEN.rawValue)
        let header = nfgenmsg(nfgen_family: 0, version: UInt8(NFNETLINK_V0), res_id: 0)
        let answer = try NetlinkSocket(NETLINK_NETFILTER).ask(NetlinkRequest(Int(type), header))
        let attributes = try Attribute.parse(answer.payload.dropFirst(MemoryLayout<nfgenmsg>.size))
        guard let generation = attributes.last(Int(NFTA_GEN_ID.rawValue)) else { throw .malformed("a ruleset without a generation") }
        return UInt32(bigEndian: try generation.number(UInt32.self))
    }
}
