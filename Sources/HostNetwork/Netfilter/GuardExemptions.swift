// SPDX-License-Identifier: Apache-2.0
import EgressModel
import EgressPlan

/// Connections that the guard lets go on: those that a pod had open when a policy first claimed it.
///
/// They are state of the kernel's, as connections are: packets keep an element alive, and it goes when none came for as
/// long as the connection may be idle. So they outlive the table's being replaced, and are no part of ``NetfilterRules``.
enum GuardExemptions {
    /// Seconds without a packet, as for any other connection (RFC 5382, REQ-5; RFC 4787, REQ-5).
    static func idle(_ transport: LiveConnection.Transport) -> Int { transport == .tcp ? 7440 : 300 }

    static func name(_ family: IPFamily) -> String { family == .ipv4 ? "exempt_4" : "exempt_6" }

    private static let capacity = 65536

    /// Both sets, empty where they aren't there yet.
    static var sets: String {
        IPFamily.allCases.map { family in
            let address = family == .ipv4 ? "ipv4_addr" : "ipv6_addr"
            return """
                \tset \(name(family)) {
                \t\ttype \(address) . inet_service . \(address) . inet_service . inet_proto
                \t\tsize \(capacity)
                \t\tflags dynamic,timeout
                \t}

                """
        }.joined(separator: "\n")
    }

    /// Each packet of such a connection gives it its whole time again. A SYN begins another, which has no exemption: neither
    /// of the same pod nor of one that has its address later.
    static var rules: [String] {
        IPFamily.allCases.flatMap { family in
            let word = family == .ipv4 ? "ip" : "ip6"
            let key = "\(word) saddr . th sport . \(word) daddr . th dport . meta l4proto"
            return [LiveConnection.Transport.tcp, .udp].map { transport in
                let isOld = transport == .tcp ? "tcp flags & (syn | ack) != syn " : ""
                return
                    "meta l4proto \(transport) \(isOld)\(key) @\(name(family)) update @\(name(family)) { \(key) timeout \(idle(transport))s } accept"
            }
        }
    }
}

/// What `nft -f -` is given so that these connections pass the guard from now on.
func guardExemptionScript(_ connections: ArraySlice<LiveConnection>) -> String {
    let added = IPFamily.allCases.compactMap { family -> String? in
        let elements = connections.filter { $0.isOpenedByPod && $0.pod.family == family && $0.destination.family == family }
            .map(element)
        guard !elements.isEmpty else { return nil }
        return "add element \(netfilterTable) \(GuardExemptions.name(family)) { \(elements.joined(separator: ", ")) }\n"
    }
    return "table \(netfilterTable) {\n\(GuardExemptions.sets)}\n" + added.joined()
}

private func element(_ connection: LiveConnection) -> String {
    "\(connection.pod) . \(connection.podPort) . \(connection.destination) . \(connection.destinationPort) . \(connection.transport) "
        + "timeout \(GuardExemptions.idle(connection.transport))s"
}
