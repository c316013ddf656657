import CEgressABI

/// A policy's UID as the map holds it: at most 63 octets and a NUL.
enum PolicyUID {
    static func encoded(_ uid: String) throws -> egress_policy {
        let octets = Array(uid.utf8)
        guard octets.count < Int(EGRESS_POLICY_UID_LENGTH), !octets.contains(0) else {
            throw DatapathError("policy UID of \(octets.count) octets is too long or holds a NUL")
        }
        var value = egress_policy()
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: octets) }
        return value
    }

    static func decoded(_ value: egress_policy) -> String {
        withUnsafeBytes(of: value) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
