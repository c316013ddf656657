// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan

/// The name of our table, of family `inet`. Every network namespace has its own.
let netfilterTable = "inet \(netfilterTableName)"
let netfilterTableName = "kubectl_egress"
let netfilterRemoval = "table \(netfilterTable)\ndelete table \(netfilterTable)\n"

/// What `nft -f -` is given: every rule of the table, replaced in one transaction; or the table's removal, when there is no
/// tunnel. Sets of connections that go on and counters stay as they are.
///
/// Declaring the table first makes flushing or deleting it succeed when it isn't there (`destroy` needs a newer nft).
/// Rules hold their addresses themselves, in sets without a name: those go with the rule, named ones would be left over.
/// nft 1.0.6 takes a table whose last `}` follows a chain's on one line for a syntax error, or for nothing at all.
func netfilterScript(_ rules: NetfilterRules, knowsSockets: Bool = true) throws(HostNetworkError) -> String {
    guard let port = rules.tunnelPort else { return netfilterRemoval }
    let parts =
        [GuardExemptions.sets, GuardCounter.declarations, tunnelChains(port), guardChains(try rules.guardRules())]
        + (rules.stackMark.map { [stackChain($0)] } ?? []) + (try rules.answerParts(knowsSockets: knowsSockets))
    return "table \(netfilterTable)\nflush table \(netfilterTable)\ntable \(netfilterTable) {\n" + parts.joined(separator: "\n") + "}\n"
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
    let exempt = GuardExemptions.rules.map { "\t\t\($0)\n" }.joined()
    let drops = GuardCounter.allCases.map { "\t\t\($0.match) counter name \"\($0.rawValue)\" drop comment \"\($0.comment)\"\n" }.joined()
    return """
        \tchain guard_claimed {
        \(exempt)\(drops)\t}

        \tchain guard {
        \t\ttype filter hook postrouting priority 50; policy accept;
        \(rules.map { "\t\t\($0)\n" }.joined())\t}

        """
}

/// Binds a connection to the pod's own address before anybody's masquerade (`srcnat`, 100) is reached: the datapath translates
/// it itself, later.
private func stackChain(_ mark: UInt32) -> String {
    let bits = "meta mark & 0x\(String(mark, radix: 16)) == 0x\(String(mark, radix: 16))"
    return """
        \tchain stack_keep_source {
        \t\ttype nat hook postrouting priority 99; policy accept;
        \t\t\(bits) meta nfproto ipv4 counter snat ip to ip saddr
        \t\t\(bits) meta nfproto ipv6 counter snat ip6 to ip6 saddr
        \t}

        """
}

extension NetfilterRules {
    /// For between the braces of an anonymous set.
    func uplinkNames() throws(HostNetworkError) -> String {
        try Set(uplinks).sorted().map { name throws(HostNetworkError) in try quoted(name) }.joined(separator: ", ")
    }

    fileprivate func guardRules() throws(HostNetworkError) -> [String] {
        guard !uplinks.isEmpty else { return [] }
        let names = try uplinkNames()
        var rules: [String] = []
        for group in guarded where !group.claimed.isEmpty {
            guard let family = group.sources.first?.family else { continue }
            try group.checkFamily(family)
            let word = family == .ipv4 ? "ip" : "ip6"
            rules.append(
                "oifname { \(names) } \(word) saddr { \(group.sources.map(\.description).joined(separator: ", ")) } "
                    + "\(word) daddr { \(group.claimed.map(text).joined(separator: ", ")) } jump guard_claimed")
        }
        return rules
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
