import EgressModel
import EgressPolicy
import JSONText
import Testing

@testable import EgressCommands

/// The contract of the machine output: keys, nulls, order.
@Suite struct MachineOutputTests {
    private func keys(_ value: JSONValue?) -> [String] { value?.objectValue?.keys ?? [] }

    private static let ruleKeys = [
        "pod", "sourceIP", "destinationCIDR", "action", "policy", "gatewayNode", "gatewayIP", "egressIP", "interface", "steering", "code",
        "reason",
    ]
    private static let findingKeys = ["severity", "code", "object", "field", "message", "hint"]

    @Test func `list has every key of the contract, absent ones null`() async throws {
        let json = await Bench().run("list -A -o json").json
        #expect(keys(json) == ["rules", "findings"])
        let rules = try #require(json["rules"]?.arrayValue)
        #expect(rules.count == 5)
        for rule in rules {
            #expect(keys(rule) == Self.ruleKeys)
            #expect(keys(rule["pod"]) == ["namespace", "name", "uid"])
        }
        #expect(rules.map { $0["action"]?.stringValue } == ["gateway", "exclude", "gateway", "exclude", "drop"])
        #expect(rules[0]["steering"] == "redirect")
        #expect(rules[0]["egressIP"] == "203.0.113.100")
        for key in ["gatewayNode", "gatewayIP", "egressIP", "interface", "steering"] { #expect(rules[4][key] == .null, "\(key)") }
        #expect(rules[4]["code"] == "EG1001")
        for finding in json["findings"]?.arrayValue ?? [] { #expect(keys(finding) == Self.findingKeys) }
        #expect(json["findings"]?.arrayValue?.compactMap { $0["code"]?.stringValue } == ["EG1001", "EG2021"])
    }

    @Test func `list of one node has rules of its pods and of pods that leave through it`() async {
        let json = await Bench().run("list -o json --node node-1").json
        #expect(json["rules"]?.arrayValue?.compactMap { $0["pod"]?["uid"]?.stringValue } == ["p-1", "p-1"])
        let gateway = await Bench().run("list -o json --node node-2").json
        #expect(gateway["rules"]?.arrayValue?.compactMap { $0["pod"]?["uid"]?.stringValue } == ["p-1", "p-3", "p-3", "p-3"])
    }

    @Test func `list is valid JSON when there is nothing`() async {
        let run = await Bench(FakeCluster(ClusterSnapshot())).run("list -o json")
        #expect(run.json == ["rules": [], "findings": []])
        #expect(run.code == 0)
        #expect(await Bench(FakeCluster(ClusterSnapshot())).run("list -n x -o json").json["rules"] == [])
    }

    @Test func `the view of Cilium needs a node, one that there is`() async {
        let without = await Bench().run("list -o cilium")
        #expect(without.code == 1)
        #expect(without.error.contains("--node NAME is required"))
        let unknown = await Bench().run("list -o cilium --node node-9")
        #expect(unknown.error.hasPrefix("Error from server (NotFound): nodes \"node-9\" not found\n"))
        #expect(unknown.code == 1)
    }

    @Test func `the view of Cilium has its four keys, findings on standard error`() async {
        let run = await Bench().run("list -o cilium --node node-2")
        #expect(run.json.arrayValue?.count == 5)
        for entry in run.json.arrayValue ?? [] { #expect(keys(entry) == ["SourceIP", "DestCIDR", "EgressIP", "GatewayIP"]) }
        #expect(run.error.contains("EG1001"))
    }

    @Test func `an IPv6 rule names an IPv4 gateway and an unspecified IPv6 address elsewhere`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.pods[0].addresses.append(contentsOf: [IPAddress("2001:db8:1::10")].compactMap(\.self))
        if let prefix = IPPrefix("2001:db8:ffff::/48") { snapshot.policies[0].policy?.destinationCIDRs.append(prefix) }
        let run = await Bench(FakeCluster(snapshot)).run("list -o cilium --node node-3 -n default")
        let entry = run.json.arrayValue?.first { $0["DestCIDR"] == "2001:db8:ffff::/48" }
        #expect(entry?["SourceIP"] == "2001:db8:1::10")
        #expect(entry?["EgressIP"] == "::")
        #expect(entry?["GatewayIP"] == "192.0.2.12")
    }

    @Test func `each list names the pod's own of several addresses, also beside what is excluded, and status all of them`() async throws {
        var snapshot = fixture("cluster.yaml")
        let addresses = ["203.0.113.100", "203.0.113.101", "203.0.113.102"].compactMap { IPAddress($0) }
        snapshot.egressNodes[1].resolutions[0].ipv4 = addresses
        let source = try #require(IPAddress("10.244.1.12"))
        snapshot.pods[0].addresses = [source]
        let expected = try #require(EgressAddressChoice.address(for: source, of: addresses))
        #expect(expected != addresses.first, "else this shows nothing")
        let list = await Bench(FakeCluster(snapshot)).run("list -o json -n default").json["rules"]?.arrayValue ?? []
        let steered = list.filter { $0["sourceIP"] == .string(source.description) && $0["action"] == "gateway" }
        #expect(steered.map { $0["egressIP"] } == [.string(expected.description)])
        let cilium = await Bench(FakeCluster(snapshot)).run("list -o cilium --node node-2 -n default").json.arrayValue ?? []
        let own = cilium.filter { $0["SourceIP"] == .string(source.description) }
        #expect(own.contains { $0["GatewayIP"] == "Excluded CIDR" })
        #expect(own.allSatisfy { $0["EgressIP"] == .string(expected.description) }, "\(own)")
        let status = await Bench(FakeCluster(snapshot)).run("status -o json").json
        #expect(status["policies"]?[0]?["gateways"]?[0]?["egressIPs"] == JSONValue(addresses: addresses))
    }

    @Test func `status has every key of the contract`() async throws {
        let json = await Bench().run("status -o json").json
        #expect(keys(json) == ["policies", "gateways", "addresses", "nodes", "findings"])
        let policy = try #require(json["policies"]?[0])
        #expect(keys(policy) == ["name", "pods", "gateways", "programmed", "podsComplete", "ports", "findings"])
        #expect(policy["programmed"] == ["ready": 1, "total": 2])
        #expect(policy["gateways"] == [["node": "node-2", "ready": true, "egressIPs": ["203.0.113.100"]]])
        #expect(policy["ports"] == .null)
        #expect(
            json["addresses"] == [
                [
                    "egressIP": "203.0.113.100", "gatewayNode": "node-2", "shared": false, "capacity": 64512, "used": nil, "free": nil,
                    "remote": nil, "protocol": nil, "code": "EG5002",
                    "reason": "live data is unknown: no helper answers at /run/kubectl-egress/helper.sock",
                ]
            ])
        #expect(policy["podsComplete"] == true)
        #expect(json["policies"]?[1]?["findings"]?.arrayValue?.count == 1)
    }

    @Test func `a silent node has nothing programmed`() async {
        var bench = Bench()
        bench.now = Bench.now + 86
        let json = await bench.run("status -o json").json
        #expect(json["policies"]?[0]?["programmed"] == ["ready": 0, "total": 2])
        bench.now = Bench.now + 85
        #expect(await bench.run("status -o json").json["policies"]?[0]?["programmed"] == ["ready": 1, "total": 2])
    }

    @Test func `a rejected policy is listed with what is wrong`() async {
        var snapshot = fixture("cluster.yaml")
        snapshot.policies[0].policy = nil
        snapshot.policies[0].findings = [
            Finding(.error, .invalidCIDR, object: ObjectReference(kind: "CiliumEgressGatewayPolicy", name: "egress-sample"), message: "no")
        ]
        let json = await Bench(FakeCluster(snapshot)).run("status egress-sample -o json").json
        #expect(json["policies"]?[0]?["pods"] == 0)
        #expect(json["policies"]?[0]?["findings"]?[0]?["code"] == "EG2004")
        #expect(await Bench(FakeCluster(snapshot)).run("status").output.contains("rejected"))
    }

    @Test func `explain with a destination has a verdict, without one it has rules`() async {
        let with = await Bench().run("explain pod mediabot --to 192.88.99.80:443 -o json").json
        #expect(keys(with) == ["pod", "destination", "verdict", "steps", "policies", "remarks", "via", "networkPolicy", "findings"])
        #expect(
            keys(with["verdict"]) == ["action", "policy", "gatewayNode", "gatewayIP", "egressIP", "steering", "code", "reason", "sentence"])
        #expect(with["verdict"]?["action"] == "gateway")
        #expect(with["verdict"]?["egressIP"] == "203.0.113.100")
        #expect(keys(with["networkPolicy"]) == ["verdict", "by", "reason", "code", "notEvaluated", "remarks"])
        #expect(with["networkPolicy"]?["verdict"] == "allowed")
        #expect(with["networkPolicy"]?["by"] == [])
        for step in with["steps"]?.arrayValue ?? [] { #expect(keys(step) == ["step", "result", "detail"]) }
        for policy in with["policies"]?.arrayValue ?? [] { #expect(keys(policy) == ["name", "selects", "why", "wouldNeed"]) }
        let without = await Bench().run("explain pod mediabot -o json").json
        #expect(
            keys(without) == ["pod", "destination", "verdict", "steps", "policies", "rules", "remarks", "via", "networkPolicy", "findings"])
        #expect(without["destination"] == .null)
        #expect(without["verdict"] == .null)
        #expect(without["rules"]?.arrayValue?.map { keys($0) } == [Self.ruleKeys, Self.ruleKeys])
        #expect(without["rules"]?[0]?["steering"] == "redirect")
    }

    @Test func `a host's name is resolved here, and the output says so`() async {
        var bench = Bench()
        bench.hosts = ["web.example": [IPAddress("2001:db8::80"), IPAddress("192.88.99.80")].compactMap(\.self)]
        let json = await bench.run("explain pod mediabot --to web.example:443 -o json").json
        #expect(
            json["destination"] == [
                "host": "web.example", "address": "192.88.99.80", "port": 443, "protocol": "tcp", "otherAddresses": ["2001:db8::80"],
            ])
        #expect(await bench.run("explain pod mediabot --to web.example").output.contains("resolved on this machine"))
        let unknown = await bench.run("explain pod mediabot --to nowhere.example")
        #expect(unknown.code == 1)
        #expect(unknown.error.contains("knows no such host"))
    }

    @Test func `a format that a command lacks is named with those it has`() async {
        let run = await Bench().run("status -o cilium")
        #expect(run.code == 1)
        #expect(
            run.error
                == """
                error: unable to match a printer suitable for the output format "cilium", allowed formats are: \
                custom-columns,json,jsonpath,name,wide,yaml

                """)
        #expect(await Bench().run("list -o table").code == 1)
    }

    @Test func `YAML says what JSON says`() async throws {
        let run = await Bench().run("list -o yaml")
        #expect(run.output.hasPrefix("rules:\n- pod:\n    namespace: default\n    name: mediabot\n"))
        #expect(run.output.contains("\nfindings:\n- severity: error\n"))
    }
}
