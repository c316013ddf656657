// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressModel

/// A type-length-value of rtnetlink (`struct rtattr`).
struct Attribute {
    /// Without the flags for nesting and byte order.
    var type: Int
    var value: ArraySlice<UInt8>

    static func parse(_ bytes: ArraySlice<UInt8>) throws(NetlinkError) -> [Attribute] {
        var attributes: [Attribute] = []
        var rest = bytes
        let header = MemoryLayout<rtattr>.size
        while rest.count >= header, let head = rest.load(rtattr.self) {
            let length = Int(head.rta_len)
            guard length >= header, length <= rest.count else { throw .malformed("an attribute of \(length) bytes in \(rest.count)") }
            attributes.append(
                Attribute(type: Int(head.rta_type & typeMask), value: rest.prefix(length).dropFirst(header)))
            rest = rest.dropFirst(aligned(length))
        }
        return attributes
    }

    func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(NetlinkError) -> T {
        guard let number = value.load(type) else { throw .malformed("attribute \(self.type) has only \(value.count) bytes") }
        return number
    }

    func address() throws(NetlinkError) -> IPAddress {
        guard let address = IPAddress(octets: value) else { throw .malformed("an address of \(value.count) bytes") }
        return address
    }

    func nested() throws(NetlinkError) -> [Attribute] { try Attribute.parse(value) }
}

extension [Attribute] {
    /// The last of a type, as the kernel's own parser takes it.
    func last(_ type: Int) -> Attribute? { last { $0.type == type } }
}

/// NLA_TYPE_MASK: a macro with a cast, which Swift can't import.
private let typeMask: UInt16 = 0x3FFF
