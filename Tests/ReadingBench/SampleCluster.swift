import TestRandom

/// A cluster as `kubectl egress snapshot` writes it: the fields that pruning keeps, keys sorted, one object a line.
///
/// At 100 %: 5,000 nodes, 150,000 pods of 30,000 workloads, 1,000 policies with 10 CIDRs each, 500 namespaces, 5,000 services.
struct SampleCluster {
    let percent: Int
    private var random: SeededRandom
    private var lines: [String] = []

    private init(percent: Int, seed: UInt64) {
        self.percent = percent
        random = SeededRandom(seed: seed)
    }

    private func share(_ count: Int) -> Int { max(1, count * percent / 100) }

    /// JSON lines, the header first.
    static func jsonLines(percent: Int, seed: UInt64) -> String {
        var cluster = SampleCluster(percent: percent, seed: seed)
        cluster.fill()
        let header =
            #"{"apiVersion":"kubectl-egress.dev/v1alpha1","kind":"ClusterSnapshot","metadata":{"name":"snapshot"},"server":"https://192.0.2.1:6443","takenAt":"2026-11-22T10:00:00Z","unread":[]}"#
        return ([header] + cluster.lines).joined(separator: "\n") + "\n"
    }

    /// The same objects in one `List`, as `kubectl get -o json` prints one, but on one line.
    static func list(percent: Int, seed: UInt64) -> String {
        var cluster = SampleCluster(percent: percent, seed: seed)
        cluster.fill()
        return #"{"apiVersion":"v1","items":["# + cluster.lines.joined(separator: ",")
            + #"],"kind":"List","metadata":{"resourceVersion":""}}"# + "\n"
    }

    private mutating func fill() {
        for number in 0..<share(5000) { addNode(number) }
        for number in 0..<share(500) { addNamespace(number) }
        for number in 0..<share(30_000) { addWorkload(number) }
        for number in 0..<share(5000) { addService(number) }
        for number in 0..<share(1000) { addPolicy(number) }
    }

    private static func nodeName(_ number: Int) -> String {
        "ip-10-\(number >> 16 & 255)-\(number >> 8 & 255)-\(number & 255).eu-central-1.compute.internal"
    }

    private mutating func addNode(_ number: Int) {
        let name = Self.nodeName(number)
        let zone = "eu-central-1\(["a", "b", "c"][number % 3])"
        let gateway = number.isMultiple(of: 50) ? #""egress-gateway":"gw-\#(number / 50)","# : ""
        lines.append(
            #"{"apiVersion":"v1","kind":"Node","metadata":{"annotations":{"alpha.kubernetes.io/provided-node-ip":"10.\#(number >> 16).\#(number >> 8 & 255).\#(number & 255)","csi.volume.kubernetes.io/nodeid":"{\"ebs.csi.aws.com\":\"i-0\#(String(random.next(), radix: 16))\"}","node.alpha.kubernetes.io/ttl":"300","volumes.kubernetes.io/controller-managed-attach-detach":"true"},"creationTimestamp":"\#(random.time())","labels":{"beta.kubernetes.io/arch":"amd64","beta.kubernetes.io/os":"linux",\#(gateway)"kubernetes.io/arch":"amd64","kubernetes.io/hostname":"\#(name)","kubernetes.io/os":"linux","node.kubernetes.io/instance-type":"m6i.4xlarge","node.kubernetes.io/pool":"pool-\#(number % 20)","topology.kubernetes.io/region":"eu-central-1","topology.kubernetes.io/zone":"\#(zone)"},"name":"\#(name)","uid":"\#(random.uid())"},"spec":{"podCIDR":"10.\#(128 + number >> 8).\#(number & 255).0/24","podCIDRs":["10.\#(128 + number >> 8).\#(number & 255).0/24","fd00:10:\#(String(number, radix: 16))::/64"]},"status":{"addresses":[{"address":"172.16.\#(number >> 8).\#(number & 255)","type":"InternalIP"},{"address":"fd00:ac:10::\#(String(number + 1, radix: 16))","type":"InternalIP"},{"address":"\#(name)","type":"Hostname"}],"conditions":[{"reason":"KubeletReady","status":"\#(random.isTrue(oneIn: 100) ? "False" : "True")","type":"Ready"}]}}"#
        )
    }

    private func namespace(of number: Int) -> String { "team-\(number % share(500))-production" }

    private mutating func addNamespace(_ number: Int) {
        let name = namespace(of: number)
        lines.append(
            #"{"apiVersion":"v1","kind":"Namespace","metadata":{"creationTimestamp":"\#(random.time())","labels":{"kubernetes.io/metadata.name":"\#(name)","pod-security.kubernetes.io/enforce":"restricted","team":"team-\#(number)"},"name":"\#(name)","uid":"\#(random.uid())"}}"#
        )
    }

    /// Five pods of a Deployment; in every third namespace with a mesh's proxy.
    private mutating func addWorkload(_ number: Int) {
        let app = ["checkout", "search", "media-bot", "ledger", "notifier", "inventory"][number % 6]
        let hash = random.suffix(10)
        let proxy =
            number.isMultiple(of: 3)
            ? #",{"name":"istio-proxy","ports":[{"containerPort":15090,"name":"http-envoy-prom","protocol":"TCP"}]}"# : ""
        let labels =
            #"{"app.kubernetes.io/component":"api","app.kubernetes.io/instance":"\#(app)-\#(number)","app.kubernetes.io/managed-by":"Helm","app.kubernetes.io/name":"\#(app)","app.kubernetes.io/version":"1.\#(random.below(60)).\#(random.below(20))","pod-template-hash":"\#(hash)","team":"team-\#(number % 500)"}"#
        for replica in 0..<5 {
            let pod = number * 5 + replica
            let name = "\(app)-\(number)-\(hash)-\(random.suffix(5))"
            let node = Self.nodeName(random.below(share(5000)))
            let ip = "10.\(128 + pod >> 16).\(pod >> 8 & 255).\(pod & 255)"
            let phase = random.isTrue(oneIn: 50) ? "Succeeded" : "Running"
            lines.append(
                #"{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":"\#(random.time())","generation":1,"labels":\#(labels),"name":"\#(name)","namespace":"\#(namespace(of: number))","uid":"\#(random.uid())"},"spec":{"containers":[{"name":"\#(app)","ports":[{"containerPort":8080,"name":"http","protocol":"TCP"},{"containerPort":9090,"name":"metrics","protocol":"TCP"}]}\#(proxy)],"nodeName":"\#(node)"},"status":{"phase":"\#(phase)","podIP":"\#(ip)","podIPs":[{"ip":"\#(ip)"},{"ip":"fd00:10:\#(String(pod >> 16, radix: 16))::\#(String(pod & 0xFFFF, radix: 16))"}]}}"#
            )
        }
    }

    private mutating func addService(_ number: Int) {
        let address = "10.96.\(number >> 8).\(number & 255)"
        lines.append(
            #"{"apiVersion":"v1","kind":"Service","metadata":{"creationTimestamp":"\#(random.time())","labels":{"app.kubernetes.io/name":"service-\#(number)"},"name":"service-\#(number)","namespace":"\#(namespace(of: number))","uid":"\#(random.uid())"},"spec":{"clusterIP":"\#(address)","clusterIPs":["\#(address)"],"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":"http"},{"name":"metrics","port":9090,"protocol":"TCP","targetPort":9090}],"selector":{"app.kubernetes.io/instance":"service-\#(number)"},"type":"ClusterIP"},"status":{"loadBalancer":{}}}"#
        )
    }

    private mutating func addPolicy(_ number: Int) {
        let ranges = (0..<10).map { #""\#(11 + $0 * 7 + number % 7).\#(number % 256).\#(random.below(256)).0/24""# }.joined(separator: ",")
        lines.append(
            #"{"apiVersion":"cilium.io/v2","kind":"CiliumEgressGatewayPolicy","metadata":{"creationTimestamp":"\#(random.time())","generation":\#(1 + random.below(5)),"name":"policy-\#(number)","uid":"\#(random.uid())"},"spec":{"destinationCIDRs":[\#(ranges)],"egressGateway":{"egressIP":"198.51.\#(number >> 8).\#(number & 255 | 1)","nodeSelector":{"matchLabels":{"egress-gateway":"gw-\#(number % 100)"}}},"selectors":[{"namespaceSelector":{"matchLabels":{"team":"team-\#(number % 500)"}},"podSelector":{"matchExpressions":[{"key":"app.kubernetes.io/name","operator":"In","values":["checkout","ledger"]}]}}]}}"#
        )
    }
}
