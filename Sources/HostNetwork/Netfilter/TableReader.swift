// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc
import Synchronization

/// Reads which table, chains and rules of ours are in the kernel; anew only when some ruleset has changed since.
final class TableReader: Sendable {
    private let known = Mutex<(generation: UInt32, found: NetfilterFingerprint)?>(nil)

    func fingerprint() throws(NetlinkError) -> NetfilterFingerprint {
        // Before the rules: what changes while they are read makes another generation.
        let generation = try NetlinkSocket.rulesetGeneration()
        if let known = known.withLock({ $0 }), known.generation == generation { return known.found }
        let found = try NetlinkSocket(NETLINK_NETFILTER).fingerprint()
        known.withLock { $0 = (generation, found) }
        return found
    }
}

extension NetlinkSocket {
    fileprivate func fingerprint() throws(NetlinkError) -> NetfilterFingerprint {
        guard let table = try table() else { return NetfilterFingerprint() }
        return NetfilterFingerprint(try table + chains() + rules())
    }

    /// Its number, and its flags: a dormant table does nothing. `nil`: there is none.
    private func table() throws(NetlinkError) -> [UInt64]? {
        do throws(NetlinkError) {
            let attributes = try Self.attributes(try ask(Self.request(NFT_MSG_GETTABLE, Int(NFTA_TABLE_NAME.rawValue))))
            let flags = try attributes.last(Int(NFTA_TABLE_FLAGS.rawValue))?.number(UInt32.self) ?? 0
            return [try attributes.big(Int(NFTA_TABLE_HANDLE.rawValue)), UInt64(UInt32(bigEndian: flags))]
        } catch .refused(ENOENT, _) {
            return nil
        }
    }

    private func chains() throws(NetlinkError) -> [UInt64] {
        try handles(NFT_MSG_GETCHAIN, nameOfTable: Int(NFTA_CHAIN_TABLE.rawValue), handle: Int(NFTA_CHAIN_HANDLE.rawValue))
    }

    private func rules() throws(NetlinkError) -> [UInt64] {
        try handles(NFT_MSG_GETRULE, nameOfTable: Int(NFTA_RULE_TABLE.rawValue), handle: Int(NFTA_RULE_HANDLE.rawValue))
    }

    /// Of our table's parts of one kind; the kernel lists those of every table.
    private func handles(_ type: nf_tables_msg_types, nameOfTable: Int, handle: Int) throws(NetlinkError) -> [UInt64] {
        try dump(Self.request(type, nameOfTable, flags: Int(NLM_F_DUMP))) { message throws(NetlinkError) -> UInt64? in
            let attributes = try Self.attributes(message)
            guard attributes.last(nameOfTable)?.value.text == netfilterTableName else { return nil }
            return try attributes.big(handle)
        }
    }

    /// NFPROTO_INET: `linux/netfilter.h` has it, and can't be imported beside libc's addresses.
    static let inet: UInt8 = 1

    private static func request(_ type: nf_tables_msg_types, _ nameOfTable: Int, flags: Int = 0) -> NetlinkRequest {
        var request = NetlinkRequest(
            Int(NFNL_SUBSYS_NFTABLES) << 8 | Int(type.rawValue), flags: flags,
            nfgenmsg(nfgen_family: inet, version: UInt8(NFNETLINK_V0), res_id: 0))
        request.add(nameOfTable, text: netfilterTableName)
        return request
    }

    private static func attributes(_ message: NetlinkMessage) throws(NetlinkError) -> [Attribute] {
        try Attribute.parse(message.payload.dropFirst(MemoryLayout<nfgenmsg>.size))
    }
}

extension [Attribute] {
    /// A number of 64 bits in network order.
    fileprivate func big(_ type: Int) throws(NetlinkError) -> UInt64 {
        guard let attribute = last(type) else { throw .malformed("a part of an nft table without a number") }
        return UInt64(bigEndian: try attribute.number(UInt64.self))
    }
}
