// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan

/// The chain that holds answers which got past `egress_uplink`, since somebody took it off: the node has no socket for
/// them, so its stack would reset connections that live. A ping to the address and neighbour discovery are for the stack.
///
/// What is masqueraded by the kernel has its old address again before `input`, and isn't seen here.
extension NetfilterRules {
    /// `knowsSockets`: whether the kernel has nft's `socket` (CONFIG_NFT_SOCKET). Without it a datagram for a socket of the
    /// node can't be told from an answer, and is let in.
    func answerParts(knowsSockets: Bool) throws(HostNetworkError) -> [String] {
        guard !uplinks.isEmpty, !(dedicated + shared).isEmpty else { return [] }
        let names = try uplinkNames()
        let rules =
            Self.rules(dedicated, "meta l4proto { tcp, udp } counter drop comment \"an answer that the program did not take\"")
            + Self.rules(shared, Self.ours(knowsSockets))
        return (shared.isEmpty ? [] : [Self.sharedChain(knowsSockets)]) + [
            """
            \tchain answers {
            \t\ttype filter hook input priority -300; policy accept;
            \(rules.map { "\t\tiifname { \(names) } \($0)\n" }.joined())\t}

            """
        ]
    }

    private static func rules(_ addresses: [IPAddress], _ verdict: String) -> [String] {
        IPFamily.allCases.compactMap { family in
            let own = addresses.filter { $0.family == family }.map(\.description)
            guard !own.isEmpty else { return nil }
            return "\(family == .ipv4 ? "ip" : "ip6") daddr { \(own.joined(separator: ", ")) } \(verdict)"
        }
    }

    private static func ours(_ knowsSockets: Bool) -> String {
        let ports = "\(SourcePorts.shared.lowerBound)-\(SourcePorts.shared.upperBound)"
        return "meta l4proto \(knowsSockets ? "{ tcp, udp }" : "tcp") th dport \(ports) jump answers_shared"
    }

    /// To one of our ports of an address that the node uses too. A caller of the node's begins with a SYN, an answer never
    /// does; what else is the node's has a connection that conntrack knows, or a socket. A listening socket of TCP takes no
    /// answer, it would reset it: those that are bound to no address are left out.
    private static func sharedChain(_ knowsSockets: Bool) -> String {
        let sockets = knowsSockets ? ["socket wildcard 0 accept", "meta l4proto udp socket wildcard 1 accept"] : []
        let rules =
            ["tcp flags & (syn | ack) == syn accept", "ct state established,related accept"] + sockets
            + ["counter drop comment \"an answer that the program did not take\""]
        return """
            \tchain answers_shared {
            \(rules.map { "\t\t\($0)\n" }.joined())\t}

            """
    }
}
