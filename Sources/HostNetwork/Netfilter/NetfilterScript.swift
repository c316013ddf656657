// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan

/// The name of our table, of family `inet`. Every network namespace has its own.
let netfilterTable = "inet kubectl_egress"

/// What `nft -f -` is given: the whole table, replaced in one transaction; or its removal, when there is no tunnel.
///
/// Declaring the table first makes deleting it succeed when it isn't there (`destroy` needs a newer nft).
/// nft 1.0.6 takes a table whose last `}` follows a chain's on one line for a syntax error, or for nothing at all.
func netfilterScript(_ rules: NetfilterRules) throws(HostNetworkError) -> String {
    let replaced = "table \(netfilterTable)\ndelete table \(netfilterTable)\n"
    guard let port = rules.tunnelPort else { return replaced }
    let guards = try rules.guardLines()
    let parts = guards.sets + [tunnelChains(port)] + (guards.rules.isEmpty ? [] : [guardChains(guards.rules)])
    return replaced + "table \(netfilterTable) {\n" + parts.joined(separator: "\n") + "}\n"
}

/// Tunnel packets end and begin on nodes: one that is forwarded was made by a pod or comes from outside. Our own need no
/// conntrack entry, which would cost two a connection.
private func tunnelChains(_ port: UInt16) -> String {
    """
    \tchain tunnel_forward {
    \t\ttype filter hook forward priority -300; policy accept;
    \t\tudp dport \(port) counter drop comment "a tunnel packet that this node did not make"
    \t}

    \tchain tunnel_in {
    \t\ttype filter hook prerouting priority -300; policy accept;
    \t\tudp dport \(port) notrack
    \t}

    \tchain tunnel_out {
    \t\ttype filter hook output priority -300; policy accept;
    \t\tudp dport \(port) notrack
    \t}

    """
}

/// Before `srcnat` (100) the source is still the pod's, and after DNAT the destination is the real one.
private func guardChains(_ rules: [String]) -> String {
    """
    \tchain guard_claimed {
    \t\tct state invalid,untracked counter drop comment "claimed, and no connection is known"
    \t\tct direction original counter drop comment "claimed, and not by the egress path"
    \t}

    \tchain guard {
    \t\ttype filter hook postrouting priority 50; policy accept;
    \(rules.map { "\t\t\($0)\n" }.joined())\t}

    """
}

extension NetfilterRules {
    fileprivate func guardLines() throws(HostNetworkError) -> (sets: [String], rules: [String]) {
        guard !uplinks.isEmpty else { return ([], []) }
        let names = try Set(uplinks).sorted().map { name throws(HostNetworkError) in try quoted(name) }
        var sets: [String] = []
        var rules: [String] = []
        for (number, group) in guarded.enumerated() where !group.claimed.isEmpty {
            guard let family = group.sources.first?.family else { continue }
            try group.checkFamily(family)
            let (type, word) = family == .ipv4 ? ("ipv4_addr", "ip") : ("ipv6_addr", "ip6")
            sets.append(set("sources_\(number)", type, flags: nil, group.sources.map(\.description)))
            sets.append(set("claimed_\(number)", type, flags: "interval", group.claimed.map(text)))
            rules.append(
                "oifname { \(names.joined(separator: ", ")) } \(word) saddr @sources_\(number) \(word) daddr @claimed_\(number) "
                    + "jump guard_claimed")
        }
        return (sets, rules)
    }
}

extension GuardedSources {
    /// A set of nft holds one family; the other's would be refused with a text that names no policy.
    fileprivate func checkFamily(_ family: IPFamily) throws(HostNetworkError) {
        let ends = claimed.flatMap { [$0.lowerBound, $0.upperBound] }
        guard let stranger = (sources + ends).first(where: { $0.family != family }) else { return }
        throw HostNetworkError("guarded sources hold both families: \(stranger) is no \(family.rawValue) address")
    }
}

private func set(_ name: String, _ type: String, flags: String?, _ elements: [String]) -> String {
    let flagLine = flags.map { "\t\tflags \($0)\n" } ?? ""
    return "\tset \(name) {\n\t\ttype \(type)\n\(flagLine)\t\telements = { \(elements.joined(separator: ", ")) }\n\t}\n"
}

private func text(_ range: ClosedRange<IPAddress>) -> String {
    range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
}

/// nft's strings have no escapes, a trailing `*` is a wildcard, and the kernel allows nearly everything in a name.
private func quoted(_ name: String) throws(HostNetworkError) -> String {
    let isPlain = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "._-@:+".utf8.contains(byte)
        }
    }
    guard isPlain, (1...15).contains(name.utf8.count) else {
        let shown = String(name.unicodeScalars.prefix(32).map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) })
        throw HostNetworkError(
            "the uplink named '\(shown)' can't be put into a netfilter rule", hint: "rename it to letters, digits and ._-@:+")
    }
    return "\"\(name)\""
}
