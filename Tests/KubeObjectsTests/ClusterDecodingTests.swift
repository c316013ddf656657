import EgressModel
import JSONText
import KubeObjects
import Testing

@Suite struct ClusterDecodingTests {
    private func snapshot(_ text: String) -> ClusterSnapshot { clusterSnapshot(from: KubeReading(text, file: "f")) }

    @Test func `a node is read whole`() throws {
        let snapshot = snapshot(
            """
            apiVersion: v1
            kind: Node
            metadata:
              name: node-1
              uid: u-1
              creationTimestamp: 2026-11-22T10:00:00Z
              labels: {node.kubernetes.io/name: node-1}
              annotations: {kubectl-egress.dev/drain: ""}
            spec:
              unschedulable: true
              podCIDRs: ["10.244.1.0/24", "fd00:1::/64"]
              taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]
            status:
              addresses:
              - {type: InternalIP, address: 192.0.2.11}
              - {type: Hostname, address: node-1}
              - {type: ExternalIP, address: "2001:db8::11"}
              conditions:
              - {type: MemoryPressure, status: "False"}
              - {type: Ready, status: "Unknown"}
            """)
        let node = try #require(snapshot.nodes.first)
        #expect(snapshot.findings.isEmpty)
        #expect(node.metadata.uid == "u-1")
        #expect(node.metadata.creationTimestamp == "2026-11-22T10:00:00Z")
        #expect(node.metadata.annotations == [EgressAnnotation.drain: ""])
        #expect(node.internalAddresses.map(\.description) == ["192.0.2.11"])
        #expect(node.externalAddresses.map(\.description) == ["2001:db8::11"])
        #expect(node.podCIDRs.map(\.description) == ["10.244.1.0/24", "fd00:1::/64"])
        #expect(node.isCordoned)
        #expect(!node.isReady)
        #expect(node.taintKeys == ["ToBeDeletedByClusterAutoscaler"])
    }

    @Test func `what a hand-written manifest lacks has its default`() throws {
        let snapshot = snapshot(
            """
            {apiVersion: v1, kind: Node, metadata: {name: n1, creationTimestamp: null}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {nodeName: n1}, status: {podIP: 10.244.1.10}}
            ---
            {apiVersion: v1, kind: Namespace, metadata: {name: default}}
            """)
        let node = try #require(snapshot.nodes.first)
        #expect(node.isReady)
        #expect(node.metadata.creationTimestamp == nil)
        let pod = try #require(snapshot.pods.first)
        #expect(pod.namespace == "default")
        #expect(pod.phase == .running)
        #expect(pod.addresses.map(\.description) == ["10.244.1.10"])
        #expect(snapshot.namespaces.first?.metadata.labels == ["kubernetes.io/metadata.name": "default"])
    }

    @Test func `a missing uid is the FNV-1a hash of kind, namespace and name`() {
        // python3: h = 0x6c62272e07bb014262b821756295c58d; for b in s: h = (h ^ b) * 0x1000000000000000000013b % 2**128
        let snapshot = snapshot(
            "{apiVersion: v1, kind: Pod, metadata: {name: web}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: web}}")
        #expect(snapshot.pods.map(\.metadata.uid) == ["05a3e231-b0dd-065a-3e40-68f4bbffef63"])
        #expect(snapshot.nodes.map(\.metadata.uid) == ["8f696a39-6905-0f86-5ce6-0a773ee047e9"])
    }

    @Test func `a pod with two addresses, and one that is finished`() {
        let snapshot = snapshot(
            """
            {apiVersion: v1, kind: Pod, metadata: {name: a, namespace: x}, spec: {nodeName: n1, hostNetwork: true},
             status: {phase: Succeeded, podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}}
            """)
        #expect(snapshot.pods.first?.addresses.map(\.description) == ["10.0.0.1", "fd00::1"])
        #expect(snapshot.pods.first?.isFinished == true)
        #expect(snapshot.pods.first?.isHostNetwork == true)
    }

    @Test func `a service has its cluster, external and load balancer addresses`() {
        let snapshot = snapshot(
            """
            {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1, "fd00::96"], externalIPs: [192.0.2.80]},
             status: {loadBalancer: {ingress: [{ip: 203.0.113.80}, {hostname: lb}]}}}
            ---
            {apiVersion: v1, kind: Service, metadata: {name: headless}, spec: {clusterIP: None}}
            """)
        #expect(
            snapshot.services.map { $0.addresses.map(\.description) } == [["10.96.0.1", "fd00::96", "192.0.2.80", "203.0.113.80"], []])
    }

    @Test func `an object that matters and can't be understood makes the snapshot incomplete`() {
        let snapshot = snapshot("{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {podIPs: [{ip: 10.0.0.256}]}}")
        #expect(snapshot.pods.isEmpty)
        #expect(!snapshot.isComplete)
        #expect(
            snapshot.findings.map(line) == ["error EG2005 f:1:73 pod/default/a status.podIPs[0].ip: \"10.0.0.256\" is not an IP address"])
    }

    @Test func `an invalid policy is known and rejected, and the snapshot stays complete`() {
        let snapshot = snapshot(policyText(destinations: "[x]") + "\n---\n" + policyText().replacing("name: p", with: "name: q"))
        #expect(snapshot.isComplete)
        #expect(snapshot.findings.isEmpty)
        #expect(snapshot.policies.map(\.metadata.name) == ["p", "q"])
        #expect(snapshot.policies.map { $0.policy != nil } == [false, true])
    }
}
