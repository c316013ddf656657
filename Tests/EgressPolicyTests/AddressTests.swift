import EgressModel
import EgressPolicy
import EngineSamples
import Testing

@Suite struct AddressTests {
    private func announce(
        _ source: GatewayEntry.Source, to destinations: [IPPrefix] = ["0.0.0.0/0"], route: String? = "eth0",
        _ interfaces: NetworkInterface...
    ) -> EntryResolution? {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: destinations, via: [.sample("node-2", source)]))
        snapshot.egressNodes[1].interfaces = interfaces
        snapshot.egressNodes[1].defaultRoute = DefaultRoute(ipv4: route, ipv6: route)
        return resolveEntries(node: "node-2", in: snapshot).resolutions.first
    }

    private let both: [IPPrefix] = ["0.0.0.0/0", "::/0"]
    private let eth0 = NetworkInterface.sample("eth0", 2, "192.0.2.12/24", "198.51.100.100/32", "fe80::1/64", "2001:db8::12/64")
    private let eth1 = NetworkInterface.sample("eth1", 3, "fe80::2/64", "203.0.113.5/24", altNames: ["ens4"])

    @Test func `the egress IP must be on an interface`() {
        #expect(announce(.address("198.51.100.100"), eth0)?.ipv4 == ["198.51.100.100"])
        #expect(announce(.address("198.51.100.100"), eth0)?.interface == "eth0")
        let absent = announce(.address("198.51.100.101"), eth0)
        #expect(absent?.code == "EG1101")
        #expect(absent?.reason == "no interface of node-2 holds 198.51.100.101; it has 192.0.2.12, 198.51.100.100")
        #expect(absent?.ipv4 == [])
    }

    @Test func `an egress IP on an interface that is down doesn't count`() {
        var down = eth0
        down.isUp = false
        #expect(announce(.address("198.51.100.100"), down)?.code == "EG1101")
    }

    @Test func `the other family is the first global address of the same interface`() {
        let resolution = announce(.address("198.51.100.100"), to: both, eth1, eth0)
        #expect(resolution?.ipv6 == ["2001:db8::12"])
        #expect(resolution?.code == "")
    }

    @Test func `a family without an address leaves the other one alone`() {
        let resolution = announce(.address("203.0.113.5"), to: both, eth0, eth1)
        #expect(resolution?.ipv4 == ["203.0.113.5"])
        #expect(resolution?.ipv6 == [])
        #expect(resolution?.code == "EG1103")
        let six = announce(.address("2001:db8::12"), to: ["::/0"], eth0)
        #expect(six?.ipv6 == ["2001:db8::12"])
        #expect(six?.ipv4 == [])
        #expect(six?.code == "")
    }

    @Test func `a link-local egress IP is refused although an interface holds it`() {
        #expect(announce(.address("fe80::1"), to: ["::/0"], eth0)?.code == "EG1101")
    }

    @Test func `an interface is found by name and by alternative name`() {
        #expect(announce(.interface("eth0"), to: both, eth0, eth1)?.ipv4 == ["192.0.2.12"])
        #expect(announce(.interface("ens4"), eth0, eth1)?.ipv4 == ["203.0.113.5"])
        #expect(announce(.interface("ens4"), eth0, eth1)?.interface == "eth1")
        #expect(announce(.interface("eth9"), eth0, eth1)?.code == "EG1102")
        #expect(announce(.interface("eth1"), to: both, eth1)?.code == "EG1103")
    }

    @Test func `neither means the default route's interface`() {
        #expect(announce(.defaultRoute, to: both, route: "eth0", eth1, eth0)?.ipv6 == ["2001:db8::12"])
        #expect(announce(.defaultRoute, route: "eth1", eth0, eth1)?.ipv4 == ["203.0.113.5"])
        #expect(announce(.defaultRoute, route: nil, eth0)?.code == "EG1104")
    }

    @Test func `a missing address is a drop with its own reason at the pod's node`() {
        let snapshot = ClusterSnapshot.sample(.sample("p", via: [.sample("node-2", .address("198.51.100.9"))])).announced()
        let effective = resolve(snapshot)
        #expect(effective.pods[0].rules[0].action == .drop)
        #expect(effective.pods[0].rules[0].reason.code == .addressOnNoInterface)
        #expect(effective.pods[0].rules[0].gatewayNode == "node-2")
        #expect(effective.findings.contains { $0.code == .addressOnNoInterface && $0.field == "spec.egressGateway.egressIP" })
    }

    @Test func `IPv6 is claimed, and dropped where no gateway has an address of it`() {
        var snapshot = ClusterSnapshot.sample(.sample("p", to: both, except: ["2001:db8::/32"]))
        snapshot.pods = [.sample("two", at: "10.244.1.7", "fd00::7")]
        let effective = resolve(snapshot.announced())
        #expect(effective.pods[0].rules.map(\.action) == [.gateway, .drop, .exclude])
        #expect(effective.pods[0].rules[1].reason.code == .interfaceWithoutAddress)
        let unable = resolve(snapshot.announced(), carrying: [.ipv4])
        #expect(unable.pods[0].rules[1].reason.code == .familyWithoutDatapath)
        #expect(unable.findings.contains { $0.code == .familyWithoutDatapath && $0.field == "spec.destinationCIDRs[1]" })
    }

    @Test func `a plugin's answer is announced when an interface holds it`() {
        var policy = EgressGatewayPolicy.sample("p", to: both)
        policy.strategy = StrategyReference(name: "static", configuration: #"{"ipv4":"198.51.100.100"}"#)
        var snapshot = ClusterSnapshot.sample(policy)
        snapshot.egressNodes[1].interfaces = [eth0]
        let key = EntryKey(policyUID: "policy-p", entry: 0)
        func announce(_ outcome: StrategyOutcome?) -> EntryResolution? {
            resolveEntries(node: "node-2", in: snapshot, answers: outcome.map { [key: $0] } ?? [:]).resolutions.first
        }
        #expect(strategyRequests(node: "node-2", in: snapshot).map(\.strategy) == ["static"])
        #expect(strategyRequests(node: "node-2", in: snapshot).first?.families == [.ipv4, .ipv6])
        #expect(strategyRequests(node: "node-1", in: snapshot) == [])
        #expect(announce(nil)?.code == "EG1105")
        #expect(announce(.failed(Reason(.pluginFailed, "it crashed")))?.code == "EG1203")
        #expect(announce(.answer(StrategyAnswer(version: "1", ipv4: ["198.51.100.7"])))?.code == "EG1204")
        let good = announce(.answer(StrategyAnswer(version: "1", ipv4: ["198.51.100.100"], ipv6: ["2001:db8::12"], interface: "eth0")))
        #expect(good?.ipv4 == ["198.51.100.100"])
        #expect(good?.code == "")
        #expect(announce(.answer(StrategyAnswer(version: "1", ipv4: ["198.51.100.100"])))?.ipv4 == ["198.51.100.100"])
    }
}
