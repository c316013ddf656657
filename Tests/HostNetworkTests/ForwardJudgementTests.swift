// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Testing

@testable import HostNetwork

/// Rules as their makers write them, and who is seen in them.
@Suite struct ForwardJudgementTests {
    private func saved(_ text: String) -> [ForwardPolicy] {
        FilterTable.saved(text, program: "iptables-legacy").reduce(into: Set()) { $0.formUnion($1.forwardPolicies()) }.sorted()
    }

    private func nft(_ objects: String) throws -> [ForwardPolicy] {
        let json = #"{"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}, \#(objects)]}"#
        let ruleset = try #require(NftRuleset(json: Array(json.utf8)))
        return ruleset.tables.values.reduce(into: Set()) { $0.formUnion($1.forwardPolicies()) }.sorted()
    }

    private let forward = """
        {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "type": "filter", "hook": "forward", "prio": 0, "policy": "accept"}}
        """

    private func rule(_ expression: String, chain: String = "FORWARD", table: String = "filter") -> String {
        #"{"rule": {"family": "ip", "table": "\#(table)", "chain": "\#(chain)", "handle": 4, "expr": [\#(expression)]}}"#
    }

    @Test func `Calico's chains are Calico's`() {
        let text = """
            *filter
            :INPUT ACCEPT [0:0]
            :FORWARD ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            :cali-FORWARD - [0:0]
            :cali-from-wl-dispatch - [0:0]
            -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
            -A cali-FORWARD -m comment --comment "cali:vjrMJCRpqwy5oRoX" -j MARK --set-xmark 0x0/0xe0000
            -A cali-from-wl-dispatch -m comment --comment "cali:x" -m comment --comment "Unknown interface" -j DROP
            COMMIT
            """
        #expect(saved(text) == [ForwardPolicy(.calico, place: "iptables-legacy filter cali-FORWARD")])
    }

    @Test func `kube-router's chains are kube-router's, beside kube-proxy's`() {
        let text = """
            *filter
            :FORWARD ACCEPT [0:0]
            :KUBE-FORWARD - [0:0]
            :KUBE-ROUTER-FORWARD - [0:0]
            :KUBE-NWPLCY-DEFAULT - [0:0]
            -A FORWARD -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-FORWARD
            -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
            -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
            COMMIT
            """
        #expect(saved(text).map(\.enforcer) == [.kubeRouter])
    }

    @Test func `kube-proxy alone decides nothing`() {
        let text = """
            *filter
            :FORWARD ACCEPT [0:0]
            :KUBE-FORWARD - [0:0]
            :KUBE-PROXY-FIREWALL - [0:0]
            :KUBE-FW-ABCDEFGHIJKLMNOP - [0:0]
            :KUBE-EXTERNAL-SERVICES - [0:0]
            -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
            -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
            -A FORWARD -m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES
            -A KUBE-EXTERNAL-SERVICES -p tcp -j REJECT --reject-with icmp-port-unreachable
            -A KUBE-PROXY-FIREWALL -m comment --comment "traffic not accepted" -j DROP
            -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
            -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
            COMMIT
            *nat
            :PREROUTING ACCEPT [0:0]
            :POSTROUTING ACCEPT [0:0]
            -A POSTROUTING -j MASQUERADE --random-fully
            COMMIT
            """
        #expect(saved(text) == [])
    }

    @Test func `any other rule that drops counts, and a policy that does`() {
        let begin = "*filter\n:FORWARD ACCEPT [0:0]\n"
        #expect(saved(begin + "-A FORWARD -m conntrack --ctstate INVALID -j DROP\n").map(\.enforcer) == [.other])
        #expect(saved(begin + "-A FORWARD -s 10.0.0.0/8 -j REJECT --reject-with icmp-admin-prohibited\n").map(\.enforcer) == [.other])
        #expect(saved("*filter\n:FORWARD DROP [0:0]\n").map(\.place) == ["iptables-legacy filter FORWARD, by its policy"])
        #expect(saved("*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n-A INPUT -j DROP\n") == [])
        #expect(saved(begin + ":site - [0:0]\n-A FORWARD -g site\n-A site -j DROP\n").map(\.place) == ["iptables-legacy filter site"])
        #expect(saved(begin + ":unused - [0:0]\n-A unused -j DROP\n") == [], "nothing leads there")
        #expect(saved(begin + "-A FORWARD -m comment --comment \"no \\\" -j DROP here\" -j ACCEPT\n") == [])
        #expect(
            saved(begin + "-A FORWARD -j CNI-FORWARD\n:CNI-FORWARD - [0:0]\n-A CNI-FORWARD -j ACCEPT\n").map(\.enforcer) == [.unreadable])
    }

    @Test func `a queue counts wherever a forwarded packet meets it`() {
        #expect(saved("*mangle\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j NFQUEUE --queue-num 100\n").map(\.enforcer) == [.queue])
        #expect(saved("*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\n") == [], "that is no policy")
    }

    @Test func `a target that nobody knows can't be judged`() {
        let found = saved("*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j NEWTARGET --with words\n")
        #expect(found == [ForwardPolicy(.unreadable, place: "iptables-legacy filter FORWARD has the target NEWTARGET")])
    }

    @Test func `nft's own and iptables-nft's rules are read alike`() throws {
        #expect(try nft(forward) == [])
        #expect(try nft(forward + "," + rule(#"{"counter": {"packets": 0, "bytes": 0}}, {"drop": null}"#)).map(\.enforcer) == [.other])
        let invalid = rule(#"{"xt": {"type": "match", "name": "comment"}}, {"xt": {"type": "match", "name": "conntrack"}}, {"drop": null}"#)
        #expect(try nft(forward + "," + invalid).map(\.place) == ["nft ip filter FORWARD"])
        #expect(try nft(forward + "," + rule(#"{"xt": {"type": "target", "name": "REJECT"}}"#)).map(\.enforcer) == [.other])
        #expect(try nft(forward + "," + rule(#"{"xt": {"type": "target", "name": "NFQUEUE"}}"#)).map(\.enforcer) == [.queue])
        #expect(try nft(forward + "," + rule(#"{"queue": {"num": 100, "flags": "bypass"}}"#)).map(\.enforcer) == [.queue])
        #expect(try nft(forward + "," + rule(#"{"xt": {"type": "target", "name": "TCPMSS"}}"#)) == [])
        #expect(try nft(forward + "," + rule(#"{"xt": null}, {"jump": {"target": "KUBE-FORWARD"}}"#)) == [], "it was a match")
        #expect(try nft(forward + "," + rule(#"{"xt": null}"#)).map(\.enforcer) == [.unreadable])
    }

    @Test func `a verdict map is read, in the rule or by name`() throws {
        let inline = rule(#"{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}]]}}}"#)
        #expect(try nft(forward + "," + inline).map(\.enforcer) == [.other])
        let named = rule(#"{"vmap": {"key": {"payload": {"protocol": "ip", "field": "saddr"}}, "data": "@pods"}}"#)
        let map =
            #"{"map": {"family": "ip", "table": "filter", "name": "pods", "map": "verdict", "elem": [["10.0.0.1", {"goto": {"target": "deny"}}]]}}"#
        let deny = #"{"chain": {"family": "ip", "table": "filter", "name": "deny"}},"# + rule(#"{"drop": null}"#, chain: "deny")
        #expect(try nft([forward, named, map, deny].joined(separator: ",")).map(\.place) == ["nft ip filter deny"])
    }

    @Test func `our table and kube-proxy's own are left out, kube-network-policies' counts at once`() throws {
        for name in ["kubectl_egress", "kube-proxy"] {
            let chain =
                #"{"chain": {"family": "ip", "table": "\#(name)", "name": "c", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}"#
            #expect(try nft(chain + "," + rule(#"{"drop": null}"#, chain: "c", table: name)) == [])
        }
        let queue =
            #"{"chain": {"family": "inet", "table": "kube-network-policies", "name": "postrouting", "type": "filter", "hook": "postrouting", "prio": 95, "policy": "accept"}}"#
        #expect(try nft(queue).map(\.enforcer) == [.kubeNetworkPolicies])
        let bridge =
            #"{"chain": {"family": "bridge", "table": "x", "name": "c", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}"#
        #expect(try nft(bridge) == [], "no routed packet comes by")
    }

    @Test func `what is no ruleset is refused`() {
        for text in ["", "{}", "[]", #"{"nftables": 1}"#, "nft: not found"] { #expect(NftRuleset(json: Array(text.utf8)) == nil) }
    }
}
