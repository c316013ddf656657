import CEgressABI
import EgressModel

/// Nodes as flows and translations name them: by 32 bits. An IPv4 address is its own number. An IPv6 address gets one by its
/// hash, the next free one when another address has that; it is kept in the maps, so that it outlives a helper.
struct NodeNumbers {
    let numbers: BPFTable<egress_address6, UInt32>

    /// Gives the node a number if it has none.
    func number(of address: IPAddress) throws -> UInt32 {
        guard address.family == .ipv6 else { return try address.wire4("node") }
        let key = try address.wire6("node")
        if let number = try numbers.value(key) { return number }
        let taken = Set(try numbers.all().map(\.value))
        let number = Self.first(from: Self.hash(key), notIn: taken)
        try numbers.set(key, number)
        return number
    }

    /// Addresses by number, of nodes that have one.
    func addresses() throws -> [UInt32: IPAddress] {
        Dictionary(try numbers.all().map { ($0.value, IPAddress(wire6: $0.key)) }, uniquingKeysWith: { first, _ in first })
    }

    func forget(_ address: IPAddress) throws {
        if address.family == .ipv6 { try numbers.remove(try address.wire6("node")) }
    }

    /// 0 is nobody.
    private static func first(from start: UInt32, notIn taken: Set<UInt32>) -> UInt32 {
        var number = start
        while number == 0 || taken.contains(number) { number &+= 1 }
        return number
    }

    private static func hash(_ address: egress_address6) -> UInt32 {
        let words = [address.word.0, address.word.1, address.word.2, address.word.3]
        return words.reduce(0) { egress_mix($0 ^ $1.bigEndian) }
    }
}
