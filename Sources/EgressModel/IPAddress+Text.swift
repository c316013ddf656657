extension IPAddress: LosslessStringConvertible, CustomStringConvertible {
    /// Reads dotted quads (no leading zeros, as Go's `netip`) and RFC 4291 IPv6 text; zones are not addresses.
    public init?(_ description: String) {
        var text = description
        guard let address = text.withUTF8({ IPAddress(text: $0) }) else { return nil }
        self = address
    }

    /// The same from text that lies somewhere.
    public init?(text: UnsafeBufferPointer<UInt8>) {
        if let bits = Self.ipv4Bits(text) {
            self.init(ipv4: bits)
        } else if let bits = Self.ipv6Bits(text) {
            self.init(ipv6: bits)
        } else {
            return nil
        }
    }

    /// Canonical text: dotted quad, or RFC 5952 for IPv6.
    public var description: String {
        switch family {
        case .ipv4: octets.map(String.init).joined(separator: ".")
        case .ipv6: ipv6Text
        }
    }

    private static func ipv4Bits(_ text: some Collection<UInt8>) -> UInt32? {
        guard (7...15).contains(text.count) else { return nil }
        var bits: UInt32 = 0
        var octet: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard digits == 0 || octet != 0 else { return nil }
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard octet <= 255 else { return nil }
            case UInt8(ascii: ".") where digits > 0 && dots < 3:
                bits = bits << 8 | octet
                (octet, digits, dots) = (0, 0, dots + 1)
            default: return nil
            }
        }
        return dots == 3 && digits > 0 ? bits << 8 | octet : nil
    }

    /// Up to eight groups of which `::` stands for one or more, the last two perhaps as a dotted quad.
    private static func ipv6Bits(_ text: UnsafeBufferPointer<UInt8>) -> UInt128? {
        guard (2...45).contains(text.count) else { return nil }
        let colon = UInt8(ascii: ":")
        var groups = Groups()
        var position = 0
        if text[0] == colon {
            guard text[1] == colon else { return nil }
            groups.gap = 0
            position = 2
        }
        while position < text.count {
            guard let (group, end) = hexGroup(text, from: position) else { return nil }
            if end < text.count, text[end] == UInt8(ascii: ".") {
                guard let bits = ipv4Bits(text[position...]) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: bits))
                break
            }
            groups.append(group)
            guard end < text.count else { break }
            guard text[end] == colon, end + 1 < text.count, groups.count < 8 else { return nil }
            position = end + 1
            if text[position] == colon {
                guard groups.gap == nil else { return nil }
                groups.gap = groups.count
                position += 1
            }
        }
        return groups.address
    }

    /// One to four digits, and where they end; more are met as what can't follow.
    private static func hexGroup(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> (group: UInt16, end: Int)? {
        var group: UInt16 = 0
        var position = start
        while position < min(start + 4, text.count), let digit = hexDigit(text[position]) {
            group = group << 4 | digit
            position += 1
        }
        return position > start ? (group, position) : nil
    }

    private static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The groups that are written, and before which of them `::` stands.
    private struct Groups {
        private var bits: UInt128 = 0
        private(set) var count = 0
        var gap: Int?

        mutating func append(_ group: UInt16) {
            bits = bits << 16 | UInt128(group)
            count += 1
        }

        /// `nil` when there are too few or too many.
        var address: UInt128? {
            guard let gap else { return count == 8 ? bits : nil }
            guard count <= 7 else { return nil }
            let width = 16 * (count - gap)
            let head = bits >> width
            return head << (16 * (8 - gap)) | (bits - head << width)
        }
    }

    /// RFC 5952: lower case, the longest run of two or more zero groups shortened, the first of equals.
    private var ipv6Text: String {
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: bits >> $0) }
        if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
            return "::ffff:\(IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)))"
        }
        var best = 0..<0
        var start = 0
        while start < groups.count {
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
            if end - start > best.count, end - start >= 2 { best = start..<end }
            start = max(end, start) + 1
        }
        func text(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? text(groups[...]) : "\(text(groups[..<best.lowerBound]))::\(text(groups[best.upperBound...]))"
    }
}
