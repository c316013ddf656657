public import EgressModel

/// Which of a gateway entry's addresses a pod leaves with: always the same one.
///
/// Highest random weight (Thaler and Ravishankar, 1998) by the pod's address: an address that comes or goes moves only its
/// own share of the pods. The gateway's program makes the same choice; the score is defined in `bpf/include/egress_abi.h`.
/// It is for new connections: a living one keeps the address that it began with while the entry has it.
public enum EgressAddressChoice {
    /// Addresses of one family that an entry uses, `EGRESS_ENTRY_ADDRESSES`; of more the lowest are used.
    public static let limit = 16

    /// What is used of an entry's addresses of one family: each once, ascending, at most ``limit``.
    public static func usable(_ addresses: [IPAddress]) -> [IPAddress] {
        guard addresses.count > 1 else { return addresses }
        return Array(Set(addresses).sorted().prefix(limit))
    }

    /// The one that the pod at this address has; `nil` when there is none. Addresses are of one family, which is the pod's;
    /// their order, and whether one stands there twice, makes no difference.
    public static func address(for pod: IPAddress, of addresses: [IPAddress]) -> IPAddress? {
        guard addresses.count > 1 else { return addresses.first }
        let seed = score(0, pod)
        var best: (score: UInt32, address: IPAddress)?
        // Ascending: of equal scores the first stays.
        for address in usable(addresses) {
            let score = score(seed, address)
            if best.map({ score > $0.score }) ?? true { best = (score, address) }
        }
        return best?.address
    }

    /// Goes on from a score by the words of an address.
    private static func score(_ score: UInt32, _ address: IPAddress) -> UInt32 {
        stride(from: address.family.bitWidth - 32, through: 0, by: -32).reduce(score) { score, shift in
            mix(score ^ UInt32(truncatingIfNeeded: address.bits >> shift))
        }
    }

    /// The finalizer of MurmurHash3 for 32 bits (Appleby, 2011; public domain), `egress_mix` in C.
    private static func mix(_ word: UInt32) -> UInt32 {
        var word = word
        word = (word ^ word >> 16) &* 0x85EB_CA6B
        word = (word ^ word >> 13) &* 0xC2B2_AE35
        return word ^ word >> 16
    }
}
