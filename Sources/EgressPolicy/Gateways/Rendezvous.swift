/// Which of several gateway entries a pod uses: the one with the highest score for that pod.
///
/// Scores of different entries don't depend on each other, so losing an entry moves only the pods that used it, and its
/// return brings back the same ones (Thaler and Ravishankar, 1998). The node that serves the entry is left out on
/// purpose: were it part of the score, a failover inside an entry would move other entries' pods too.
enum Rendezvous {
    /// FNV-1a over pod UID, policy UID and entry, each ended by a zero octet, then the finalizer of SplitMix64, as
    /// FNV-1a's high bits alone barely depend on the last octets.
    static func score(pod: String, policy: String, entry: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [pod, policy, String(entry)] {
            for octet in text.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
            hash = hash &* 0x100_0000_01B3
        }
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }
}
