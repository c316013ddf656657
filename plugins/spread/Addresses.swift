// SPDX-License-Identifier: Apache-2.0

enum Family {
    case ipv4
    case ipv6

    var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
    var key: String { self == .ipv4 ? "ipv4" : "ipv6" }
    var width: Int { self == .ipv4 ? 32 : 128 }

    /// The number of an address as text, in host order; exactly what `inet_pton` takes.
    func address(_ text: some Sequence<UInt8>) -> UInt128? {
        var characters = text.map { CChar(bitPattern: $0) }
        guard characters.count <= 64, !characters.contains(0) else { return nil }
        characters.append(0)
        var octets: [UInt8] = Array(repeating: 0, count: 16)
        guard inet_pton(self == .ipv4 ? AF_INET : AF_INET6, characters, &octets) == 1 else { return nil }
        return octets.prefix(width / 8).reduce(0) { $0 << 8 | UInt128($1) }
    }

    func text(_ address: UInt128) -> String {
        let octets = (1...width / 8).map { UInt8(truncatingIfNeeded: address >> (width - 8 * $0)) }
        var characters: [CChar] = Array(repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(self == .ipv4 ? AF_INET : AF_INET6, octets, &characters, socklen_t(INET6_ADDRSTRLEN)) != nil else { return "?" }
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What no packet can leave with: unspecified, loopback, link-local, multicast (RFC 6890, RFC 4291).
    private var unusable: [AddressRange] {
        switch self {
        case .ipv4:
            [
                AddressRange(0, 0), AddressRange(0x7F00_0000, 0x7FFF_FFFF), AddressRange(0xA9FE_0000, 0xA9FE_FFFF),
                AddressRange(0xE000_0000, 0xEFFF_FFFF),
            ]
        case .ipv6:
            [AddressRange(0, 1), AddressRange(0xFE80 << 112, 0xFEC0 << 112 - 1), AddressRange(0xFF << 120, UInt128.max)]
        }
    }

    func firstUnusable(in range: AddressRange) -> UInt128? {
        unusable.first { $0.first <= range.last && range.first <= $0.last }.map { max($0.first, range.first) }
    }
}

/// Both ends belong to it; `first` is never above `last`.
struct AddressRange {
    let first: UInt128
    let last: UInt128

    init(_ first: UInt128, _ last: UInt128) {
        self.first = first
        self.last = last
    }

    /// `198.51.100.7`, `198.51.100.0/28` or `198.51.100.1-198.51.100.9`. Throws what is wrong with it.
    init(_ family: Family, _ text: [UInt8]) throws(Refusal) {
        if let slash = text.firstIndex(of: UInt8(ascii: "/")) {
            guard let first = family.address(text[..<slash]), let length = Self.length(text[(slash + 1)...], atMost: family.width) else {
                throw .badConfig("is no \(family.name) prefix")
            }
            let hosts = length == 0 ? UInt128.max >> (128 - family.width) : (1 << (family.width - length)) - 1
            guard first & hosts == 0 else {
                throw .badConfig("has bits behind its length; the prefix is \(family.text(first & ~hosts))/\(length)")
            }
            self.init(first, first | hosts)
        } else if let dash = text.firstIndex(of: UInt8(ascii: "-")) {
            guard let first = family.address(text[..<dash]), let last = family.address(text[(dash + 1)...]) else {
                throw .badConfig("is no range of two \(family.name) addresses")
            }
            guard first <= last else { throw .badConfig("ends before it begins") }
            self.init(first, last)
        } else {
            guard let address = family.address(text) else { throw .badConfig("is no \(family.name) address, prefix or range") }
            self.init(address, address)
        }
        if let address = family.firstUnusable(in: self) {
            throw .badConfig("has \(family.text(address)), which packets can't leave with")
        }
    }

    private static func length(_ text: ArraySlice<UInt8>, atMost limit: Int) -> Int? {
        guard (1...3).contains(text.count), text.count == 1 || text.first != UInt8(ascii: "0") else { return nil }
        guard text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        let length = text.reduce(0) { $0 * 10 + Int($1) - 48 }
        return length <= limit ? length : nil
    }
}

/// Addresses of one family: ranges in ascending order that neither overlap nor touch.
struct AddressSet {
    let ranges: [AddressRange]

    init(_ ranges: [AddressRange]) {
        var merged: [AddressRange] = []
        for range in ranges.sorted(by: { $0.first < $1.first }) {
            if let before = merged.last, before.last == UInt128.max || range.first <= before.last + 1 {
                merged[merged.count - 1] = AddressRange(before.first, max(before.last, range.last))
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ address: UInt128) -> Bool { ranges.contains { $0.first <= address && address <= $0.last } }

    /// Ascending; looks at no more than it returns.
    func lowest(_ count: Int) -> [UInt128] {
        var found: [UInt128] = []
        for range in ranges where found.count < count {
            // The last number of all is a multicast address, so there is one behind each.
            var address = range.first
            while address <= range.last, found.count < count {
                found.append(address)
                address += 1
            }
        }
        return found
    }
}
