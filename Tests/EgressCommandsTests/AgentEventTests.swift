import EgressModel
import EgressPolicy
import EgressPorts
import Testing

@testable import EgressCommands

/// Which Events a node makes: on change only, its own matters itself, nobody's own through the leader.
@Suite struct AgentEventTests {
    private func node(_ policies: [PolicyInForce] = [], _ resolutions: [EntryResolution] = []) -> EgressNode {
        EgressNode(metadata: ObjectMetadata(name: "node-2", uid: ""), resolutions: resolutions, policies: policies)
    }

    private func policy(_ generation: Int64 = 1, programmed: Bool = true, code: String = "", reason: String = "") -> PolicyInForce {
        PolicyInForce(name: "p", uid: "u", generation: generation, programmed: programmed, pods: 2, code: code, reason: reason)
    }

    private func entry(_ code: String = "", _ reason: String = "") -> EntryResolution {
        EntryResolution(
            policy: "p", uid: "u", entry: 0, id: 1, ipv4: code.isEmpty ? [IPAddress(ipv4: 0xC633_6464)] : [], code: code, reason: reason)
    }

    private func statement(_ node: EgressNode, failure: Reason? = nil, at time: Int64 = 100) -> Statement {
        Statement(node: node, time: time, failure: failure, isGoverned: failure == nil)
    }

    private func lines(_ events: [ClusterEvent]) -> [String] {
        events.map { "\($0.isWarning ? "Warning" : "Normal") \($0.code) \($0.object): \($0.message)" }
    }

    @Test func `a policy that comes in force is told once for each generation`() {
        var events = NodeEvents(before: node())
        #expect(
            lines(events.events(of: statement(node([policy()]))))
                == ["Normal EG4008 ciliumegressgatewaypolicy/p: node-2 has generation 1 in force (2 pods)"])
        #expect(events.events(of: statement(node([policy()]))).isEmpty)
        #expect(events.events(of: statement(node([policy(2)]))).count == 1)
    }

    @Test func `an agent that starts again tells nothing of what was so before`() {
        var events = NodeEvents(before: node([policy()], [entry("EG1101", "gone")]))
        #expect(events.events(of: statement(node([policy()], [entry("EG1101", "gone")]))).isEmpty)
    }

    @Test func `what passes by itself is not told`() {
        var events = NodeEvents(before: node([policy()]))
        for code in ["EG1003", "EG4005", "EG1105"] {
            #expect(events.events(of: statement(node([policy(programmed: false, code: code)]))).isEmpty)
        }
        #expect(events.events(of: statement(node([policy()]))).isEmpty)
    }

    @Test func `a pod that no device leads to is told of its policy`() {
        var events = NodeEvents(before: node([policy()]))
        let told = events.events(of: statement(node([policy(programmed: false, code: "EG4003", reason: "no device")])))
        #expect(
            lines(told) == [
                "Warning EG4003 ciliumegressgatewaypolicy/p: node-2 hasn't generation 1 in force for every pod: no device"
            ])
        #expect(told.first?.uid == "u")
        #expect(told.first?.apiVersion == "cilium.io/v2")
        #expect(lines(events.events(of: statement(node([policy()])))).count == 1, "and that it is well again")
    }

    @Test func `a gateway tells that its address went, and that it is back`() {
        var events = NodeEvents(before: node([], [entry()]))
        let gone = events.events(of: statement(node([], [entry("EG1101", "no interface of node-2 holds 198.51.100.100")])))
        #expect(
            lines(gone) == [
                "Warning EG1101 ciliumegressgatewaypolicy/p: gateway node-2: no interface of node-2 holds 198.51.100.100"
            ])
        #expect(events.events(of: statement(node([], [entry("EG1101", "no interface, said otherwise")]))).isEmpty)
        #expect(
            lines(events.events(of: statement(node([], [entry()]))))
                == ["Normal EG4008 ciliumegressgatewaypolicy/p: gateway node-2 has the address again: 198.51.100.100"])
    }

    @Test func `a module that fails is told once, whatever it says, and that it answers again`() {
        func last(_ code: String, _ reason: String) -> EgressNode {
            var entry = entry("", reason)
            (entry.code, entry.strategy) = (code, StrategyReport(name: "static", version: "1"))
            return node([], [entry])
        }
        var events = NodeEvents(before: last("EG1105", "asked"))
        #expect(events.events(of: statement(last("", ""))).isEmpty, "an agent that starts tells nothing of its own asking")
        let failing = events.events(of: statement(last("EG1206", "strategy static fails (EG1203): x")))
        #expect(lines(failing) == ["Warning EG1206 ciliumegressgatewaypolicy/p: gateway node-2: strategy static fails (EG1203): x"])
        for (code, reason) in [("EG1105", "asked"), ("EG1206", "strategy static fails (EG1203): y"), ("EG1105", "asked")] {
            #expect(events.events(of: statement(last(code, reason))).isEmpty)
        }
        #expect(
            lines(events.events(of: statement(last("", ""))))
                == ["Normal EG4008 ciliumegressgatewaypolicy/p: gateway node-2 has an answer of strategy static again: 198.51.100.100"])
    }

    @Test func `a helper that refuses is told once of the node, and one that is away only when it stays away`() {
        var events = NodeEvents(before: node([policy()]))
        let refused = Reason(.helperRefused, "map is full")
        #expect(
            lines(events.events(of: statement(node(), failure: refused)))
                == ["Warning EG4002 node/node-2: egress policies can't be changed on this node: map is full"])
        #expect(events.events(of: statement(node(), failure: refused)).isEmpty)
        #expect(lines(events.events(of: statement(node([policy()])))).first?.hasPrefix("Normal EG4008 node/node-2") == true)
        let away = Reason(.helperUnreachable, "no helper answers")
        #expect(events.events(of: statement(node(), failure: away, at: 200)).isEmpty)
        #expect(events.events(of: statement(node(), failure: away, at: 205)).isEmpty)
        #expect(events.events(of: statement(node(), failure: away, at: 210)).map(\.code) == [.helperUnreachable])
        #expect(events.events(of: statement(node(), failure: away, at: 300)).isEmpty)
    }

    @Test func `only the leader tells what is nobody's own, each once, and a new leader all of it`() {
        let snapshot = fixture("cluster.yaml")
        let news = PolicyNews(resolve(snapshot), snapshot)
        #expect(news.findings.map(\.code).contains(.noGatewayMatches))
        #expect(!news.findings.contains { $0.severity == .info })
        var events = PolicyEvents()
        #expect(events.events(of: news, isLeader: false).isEmpty)
        let told = events.events(of: news, isLeader: true)
        #expect(told.contains { $0.code == .noGatewayMatches && $0.object.name == "nobody" && $0.uid == "e-2" && $0.isWarning })
        #expect(events.events(of: news, isLeader: true).isEmpty)
        #expect(events.events(of: news, isLeader: false).isEmpty)
        #expect(events.events(of: news, isLeader: true) == told)
    }

    @Test func `what a gateway tells itself the leader doesn't`() {
        var snapshot = fixture("cluster.yaml")
        for index in snapshot.egressNodes.indices {
            for entry in snapshot.egressNodes[index].resolutions.indices {
                snapshot.egressNodes[index].resolutions[entry].ipv4 = []
                snapshot.egressNodes[index].resolutions[entry].code = "EG1101"
            }
        }
        let effective = resolve(snapshot)
        #expect(effective.findings.contains { $0.code == .addressOnNoInterface })
        #expect(!PolicyNews(effective, snapshot).findings.contains { $0.code == .addressOnNoInterface })
    }

    @Test func `a message is cut where an Event's may be no longer`() {
        let long = eventText(String(repeating: "ä", count: 2000) + "\u{1B}[31m")
        #expect(long.utf8.count <= 1024)
        #expect(long.hasSuffix("…"))
        #expect(!eventText("a\u{1B}[31mb").contains("\u{1B}"))
    }
}
