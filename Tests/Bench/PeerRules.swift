import TestKit

/// What the peers do with the pod's packets on their way out by `up0`, in the calling thread's namespace.
enum PeerRules {
    static func install(_ path: BenchPath, _ family: BenchFamily) throws {
        switch path {
        case .nftables:
            try Command.run(
                ["nft", "-f", "-"],
                input: """
                    table \(family.table) bench {
                      chain post {
                        type nat hook postrouting priority srcnat;
                        \(family.table) saddr \(family.pod) oif "up0" snat to \(family.egress);
                      }
                    }

                    """)
        case .iptables:
            let rule = ["POSTROUTING", "-s", family.pod, "-o", "up0", "-j", "SNAT", "--to-source", family.egress]
            try Command.run([family.iptables, "-t", "nat", "-A"] + rule)
        case .ours, .forwarding, .redirect: break
        }
    }
}
