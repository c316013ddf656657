import EgressModel
import JSONText
import KubeObjects
import Testing

@Suite struct EgressNodeTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func fullNode() throws -> EgressNode {
        EgressNode(
            metadata: ObjectMetadata(
                name: "node-1", uid: "u", labels: ["a": "yes"], creationTimestamp: "2026-11-22T10:00:00Z", generation: 2),
            reportedAt: "2026-11-22T10:00:30Z", helper: HelperVersion(version: "0.1.0", abi: 3, datapath: "tcx"),
            interfaces: [
                NetworkInterface(
                    name: "eth0", altNames: ["ens3"], index: 2,
                    addresses: [
                        try #require(InterfaceAddress("192.0.2.11/24")), try #require(InterfaceAddress("2001:db8::11/64")),
                    ], isUp: false)
            ],
            defaultRoute: DefaultRoute(ipv4: "eth0"),
            ranges: ClusterRanges(pods: [try #require(IPPrefix("10.244.0.0/16"))], services: [try #require(IPPrefix("10.96.0.0/12"))]),
            steering: SteeringFact(default: .stack, reason: "cali-* chains in FORWARD"),
            resolutions: [
                EntryResolution(
                    policy: "egress-sample", uid: "9f0c", entry: 0, id: 17, ipv4: [try address("198.51.100.100")],
                    ipv6: [try address("2001:db8::64")], interface: "eth0", code: "EG1103", reason: "none: \"x\" # y"),
                EntryResolution(
                    policy: "by-module", uid: "77", entry: 1, id: 16, ipv4: [try address("198.51.100.7")],
                    strategy: StrategyReport(name: "static", version: "1.0", claims: true, since: "2026-11-22T10:00:10Z")),
                EntryResolution(
                    policy: "by-another", uid: "78", entry: 0, id: 15, strategy: StrategyReport(name: "spread", version: "")),
            ],
            lastEntryID: 17,
            restingIDs: RestingIDs(
                allSince: "2026-11-22T10:00:20Z", ids: [RestingID(id: 12, since: "2026-11-22T10:00:25Z")]),
            policies: [PolicyInForce(name: "egress-sample", uid: "9f0c", generation: 3, programmed: true, pods: 4)],
            gateways: [GatewayReachability(node: "node-2", reachable: false)])
    }

    @Test func `what an agent writes is what others read`() throws {
        for node in [try fullNode(), EgressNode(metadata: ObjectMetadata(name: "empty", uid: "e"))] {
            for text in [node.manifest.text(), node.manifest.yamlText] {
                let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
                #expect(snapshot.findings.isEmpty)
                #expect(snapshot.egressNodes == [node])
            }
        }
    }

    @Test func `the manifest has the names of the contract`() throws {
        #expect(
            try fullNode().manifest.yamlText == """
                apiVersion: kubectl-egress.dev/v1alpha1
                kind: EgressNode
                metadata:
                  name: node-1
                  uid: u
                  creationTimestamp: "2026-11-22T10:00:00Z"
                  generation: 2
                  labels:
                    a: "yes"
                status:
                  reportedAt: "2026-11-22T10:00:30Z"
                  helper:
                    version: 0.1.0
                    abi: 3
                    datapath: tcx
                  interfaces:
                  - name: eth0
                    altNames:
                    - ens3
                    index: 2
                    addresses:
                    - 192.0.2.11/24
                    - "2001:db8::11/64"
                    up: false
                  defaultRoute:
                    ipv4: eth0
                    ipv6: null
                  ranges:
                    pods:
                    - 10.244.0.0/16
                    services:
                    - 10.96.0.0/12
                  steering:
                    default: stack
                    reason: "cali-* chains in FORWARD"
                  lastEntryID: 17
                  restingIDs:
                    allSince: "2026-11-22T10:00:20Z"
                    ids:
                    - id: 12
                      since: "2026-11-22T10:00:25Z"
                  resolutions:
                  - policy: egress-sample
                    uid: 9f0c
                    entry: 0
                    id: 17
                    ipv4:
                    - 198.51.100.100
                    ipv6:
                    - "2001:db8::64"
                    interface: eth0
                    strategy: null
                    code: EG1103
                    reason: "none: \\"x\\" # y"
                  - policy: by-module
                    uid: "77"
                    entry: 1
                    id: 16
                    ipv4:
                    - 198.51.100.7
                    ipv6: []
                    interface: null
                    strategy:
                      name: static
                      version: "1.0"
                      claims: true
                      since: "2026-11-22T10:00:10Z"
                    code: ""
                    reason: ""
                  - policy: by-another
                    uid: "78"
                    entry: 0
                    id: 15
                    ipv4: []
                    ipv6: []
                    interface: null
                    strategy:
                      name: spread
                      version: ""
                      claims: false
                      since: null
                    code: ""
                    reason: ""
                  policies:
                  - name: egress-sample
                    uid: 9f0c
                    generation: 3
                    programmed: true
                    pods: 4
                    code: ""
                    reason: ""
                  gateways:
                  - node: node-2
                    reachable: false

                """)
    }

    @Test func `fields of a newer agent are passed over, wrong ones are named`() {
        let text = """
            {apiVersion: kubectl-egress.dev/v1alpha1, kind: EgressNode, metadata: {name: n1}, status: {shiny: 1, policies: [{name: p}]}}
            """
        let snapshot = clusterSnapshot(from: KubeReading(text, file: "f"))
        #expect(snapshot.findings.map(line) == ["error EG2002 f:1:113 egressnode/n1 status.policies[0].uid: is missing"])
        #expect(!snapshot.isComplete)
    }
}
