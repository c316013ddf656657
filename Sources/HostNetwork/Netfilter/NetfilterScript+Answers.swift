// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan

extension NetfilterRules {
    /// The chain that holds answers which got past `egress_uplink`, since somebody took it off: the node has no socket for
    /// them, so its stack would reset connections that live. A ping to the address and neighbour discovery are for the stack.
    func answerParts() throws(HostNetworkError) -> [String] {
        guard !uplinks.isEmpty, !dedicated.isEmpty else { return [] }
        let names = try uplinkNames()
        let rules = IPFamily.allCases.compactMap { family -> String? in
            let addresses = dedicated.filter { $0.family == family }.map(\.description)
            guard !addresses.isEmpty else { return nil }
            let word = family == .ipv4 ? "ip" : "ip6"
            return "\t\tiifname { \(names) } \(word) daddr { \(addresses.joined(separator: ", ")) } meta l4proto { tcp, udp } "
                + "counter drop comment \"an answer that the program did not take\"\n"
        }
        return [
            """
            \tchain answers {
            \t\ttype filter hook input priority -300; policy accept;
            \(rules.joined())\t}

            """
        ]
    }
}
