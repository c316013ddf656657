// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel

/// A message to the kernel: a type, flags, a fixed structure, and attributes behind it.
struct NetlinkRequest {
    let type: Int
    let flags: Int
    private(set) var body: [UInt8]

    init(_ type: Int, flags: Int = 0, _ fixed: some BitwiseCopyable) {
        self.type = type
        self.flags = flags
        self.body = bytes(of: fixed)
        pad()
    }

    mutating func add(_ type: Int, _ value: [UInt8]) {
        let length = MemoryLayout<rtattr>.size + value.count
        body += bytes(of: rtattr(rta_len: UInt16(clamping: length), rta_type: UInt16(clamping: type))) + value
        pad()
    }

    mutating func add(_ type: Int, number: some FixedWidthInteger & BitwiseCopyable) { add(type, bytes(of: number)) }

    mutating func add(_ type: Int, text: String) { add(type, Array(text.utf8) + [0]) }

    mutating func add(_ type: Int, _ address: IPAddress) { add(type, address.octets) }

    mutating func add(_ type: Int, nested fill: (inout NetlinkRequest) -> Void) {
        let start = body.count
        add(type | Int(NLA_F_NESTED), [])
        fill(&self)
        let length = bytes(of: UInt16(clamping: body.count - start))
        body.replaceSubrange(start..<start + 2, with: length)
    }

    func encoded(sequence: UInt32) -> [UInt8] {
        let header = nlmsghdr(
            nlmsg_len: UInt32(clamping: MemoryLayout<nlmsghdr>.size + body.count), nlmsg_type: UInt16(clamping: type),
            nlmsg_flags: UInt16(clamping: flags | Int(NLM_F_REQUEST)), nlmsg_seq: sequence, nlmsg_pid: 0)
        return bytes(of: header) + body
    }

    private mutating func pad() {
        body += Array(repeating: 0, count: aligned(body.count) - body.count)
    }
}
