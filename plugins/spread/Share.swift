// SPDX-License-Identifier: Apache-2.0

/// Who of some nodes has which of some addresses.
///
/// Every gateway works it out alone, so it depends on nothing but names and addresses: not on their order, not on who is
/// there. Each address goes to the node with the highest weight for it (rendezvous hashing) that isn't full; full is the
/// even share, rounded up for as many nodes as there are addresses left over. So shares differ by one at most, and a node
/// more or less moves little beyond its own share.
enum Share {
    static let mostAddresses = 4096

    /// The addresses of `node`, ascending. `nodes` must hold it, and `addresses` be ascending and without doubles.
    static func of(_ node: [UInt8], among nodes: [[UInt8]], _ addresses: [UInt128]) -> [UInt128] {
        guard !nodes.isEmpty else { return [] }
        let names = nodes.sorted { $0.lexicographicallyPrecedes($1) }
        let seeds = names.map(hash)
        let even = addresses.count / names.count
        var rest = addresses.count % names.count
        var counts = Array(repeating: 0, count: names.count)
        var own: [UInt128] = []
        for address in addresses {
            var best: (position: Int, weight: UInt64)?
            for (position, seed) in seeds.enumerated() where counts[position] < even || (counts[position] == even && rest > 0) {
                let weight = weight(seed, address)
                // The first of two equal ones: names are in order.
                if best.map({ $0.weight < weight }) ?? true { best = (position, weight) }
            }
            guard let best else { break }
            if counts[best.position] == even { rest -= 1 }
            counts[best.position] += 1
            if names[best.position] == node { own.append(address) }
        }
        return own
    }

    /// FNV-1a. Gateways of different versions must agree, so neither function may change.
    private static func hash(_ name: [UInt8]) -> UInt64 {
        name.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    private static func weight(_ seed: UInt64, _ address: UInt128) -> UInt64 {
        mixed(seed ^ mixed(UInt64(truncatingIfNeeded: address) ^ mixed(UInt64(truncatingIfNeeded: address >> 64))))
    }

    /// MurmurHash3's finalizer: each bit of the input changes half of the output.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 33) &* 0xFF51_AFD7_ED55_8CCD
        value = (value ^ value >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return value ^ value >> 33
    }
}
