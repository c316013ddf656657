// SPDX-License-Identifier: Apache-2.0
import CEgressShims

/// One netlink message as it was received.
struct NetlinkMessage {
    var type: Int
    var flags: Int
    var sequence: UInt32
    /// Behind `struct nlmsghdr`.
    var payload: ArraySlice<UInt8>

    /// Splits what one `recv` gave.
    static func split(_ datagram: ArraySlice<UInt8>) throws(NetlinkError) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var rest = datagram
        let header = MemoryLayout<nlmsghdr>.size
        while !rest.isEmpty {
            guard let head = rest.load(nlmsghdr.self) else { throw .malformed("\(rest.count) bytes where a header should be") }
            let length = Int(head.nlmsg_len)
            guard length >= header, length <= rest.count else { throw .malformed("a message of \(length) bytes in \(rest.count)") }
            messages.append(
                NetlinkMessage(
                    type: Int(head.nlmsg_type), flags: Int(head.nlmsg_flags), sequence: head.nlmsg_seq,
                    payload: rest.prefix(length).dropFirst(header)))
            rest = rest.dropFirst(aligned(length))
        }
        return messages
    }

    /// The error of an NLMSG_ERROR; `nil` for an acknowledgement (error 0).
    func refusal() throws(NetlinkError) -> NetlinkError? {
        guard let error = payload.load(nlmsgerr.self) else { throw .malformed("an error without a number") }
        guard error.error != 0 else { return nil }
        return .refused(errno: error.error == .min ? .max : abs(error.error), text: extendedText(error))
    }

    /// NLMSGERR_ATTR_MSG, behind the error and, unless NLM_F_CAPPED, the whole request.
    private func extendedText(_ error: nlmsgerr) -> String? {
        guard flags & Int(NLM_F_ACK_TLVS) != 0 else { return nil }
        let quoted = flags & Int(NLM_F_CAPPED) != 0 ? 0 : max(0, Int(error.msg.nlmsg_len) - MemoryLayout<nlmsghdr>.size)
        let attributes = try? Attribute.parse(payload.dropFirst(MemoryLayout<nlmsgerr>.size + aligned(quoted)))
        return attributes?.first { $0.type == Int(NLMSGERR_ATTR_MSG.rawValue) }?.value.text
    }
}
