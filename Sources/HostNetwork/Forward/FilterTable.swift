// SPDX-License-Identifier: Apache-2.0

/// One table of netfilter as far as it matters here: its chains, and what their rules may do with a packet.
struct FilterTable {
    /// `nft ip filter`, `iptables-legacy filter`
    var place: String
    /// `kubectl_egress`, `kube-proxy`, `filter`
    var name: String
    var chains: [String: FilterChain] = [:]
}

struct FilterChain {
    enum Hook {
        case forward
        /// On a forwarded packet's way too.
        case prerouting
        case postrouting
    }

    /// Where packets enter it; `nil` for a chain that is only jumped to, or where no forwarded packet comes by.
    var hook: Hook?
    /// A packet that no rule decides is dropped.
    var dropsByPolicy = false
    var verdicts: [FilterVerdict] = []
}

/// What a rule may do, as far as it isn't harmless.
enum FilterVerdict: Hashable {
    case drop
    case queue
    case jump(String)
    /// A target that isn't known.
    case unknown(String)
}

extension FilterVerdict {
    /// Targets of iptables that neither drop nor decide (iptables-extensions(8)).
    private static let harmless: Set<String> = [
        "ACCEPT", "AUDIT", "CHECKSUM", "CLASSIFY", "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DSCP", "ECN", "HL", "HMARK", "IDLETIMER",
        "LED", "LOG", "MARK", "MASQUERADE", "NETMAP", "NFLOG", "NOTRACK", "RATEEST", "REDIRECT", "RETURN", "SECMARK", "SET", "SNAT",
        "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TRACE", "TTL",
    ]

    /// Of a target's name in iptables; `nil` for one that is harmless.
    init?(target: String) {
        switch target {
        case "DROP", "REJECT": self = .drop
        case "NFQUEUE", "QUEUE": self = .queue
        case _ where Self.harmless.contains(target): return nil
        default: self = .unknown(target)
        }
    }
}
