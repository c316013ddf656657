import EgressModel
import KubeObjects
import Testing

/// Objects that say what the cluster's own ranges are; whole manifests of each network are in Tests/Ranges.
@Suite struct ConfigurationTests {
    private func snapshot(_ text: String) -> ClusterSnapshot { clusterSnapshot(from: KubeReading(text, file: "f")) }

    private func configMap(_ name: String, _ data: String, in namespace: String = "kube-system") -> String {
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name), namespace: \(namespace)}\ndata:\n\(data)"
    }

    @Test func `a range says which object and key it is from`() {
        let kubeadm =
            "  ClusterConfiguration: |\n    networking: {podSubnet: \" 10.244.0.0/16 , fd00::/56\", serviceSubnet: 10.96.0.9/12}\n"
        let ranges = snapshot(configMap("kubeadm-config", kubeadm)).ranges
        #expect(ranges.map(\.prefix.description) == ["10.244.0.0/16", "fd00::/56", "10.96.0.0/12"])
        #expect(ranges.map(\.use) == [.pods, .pods, .services])
        #expect(ranges.first?.source == "configmap/kube-system/kubeadm-config networking.podSubnet")
        #expect(ranges.last?.source == "configmap/kube-system/kubeadm-config networking.serviceSubnet")
        let pool = snapshot("apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.1.0.0/16}")
        #expect(pool.ranges.first?.source == "ippool/p spec.cidr")
    }

    /// Each line: what is there, and what is said of it.
    @Test(arguments: [
        ("  ClusterConfiguration: |\n    networking: {podSubnet: 10.244.0.0}\n", "networking.podSubnet: \"10.244.0.0\" is not a CIDR"),
        ("  ClusterConfiguration: |\n    networking: {podSubnet: [10.0.0.0/8]}\n", "networking.podSubnet: must be a string, not a list"),
        (
            "  ClusterConfiguration: |\n    networking: {podSubnet: 0.0.0.0/0}\n",
            "networking.podSubnet: 0.0.0.0/0 holds every address and can't be a range of the cluster"
        ),
    ])
    func `a range that can't be understood is told, with object and field`(data: String, message: String) throws {
        let snapshot = snapshot(configMap("kubeadm-config", data))
        #expect(snapshot.ranges == [])
        #expect(snapshot.isComplete)
        let finding = try #require(snapshot.findings.first)
        #expect(finding.message == message)
        #expect(finding.severity == .error)
        #expect(finding.object?.description == "configmap/kube-system/kubeadm-config")
        #expect(finding.field == "data.ClusterConfiguration")
        #expect(finding.hint?.contains("--cluster-cidr") == true)
    }

    @Test func `texts inside of texts that are of no format are told, and others count`() {
        let broken = configMap("kubeadm-config", "  ClusterConfiguration: \"networking: [\"\n")
        let flannel = configMap("kube-flannel-cfg", "  net-conf.json: '{\"Network\": '\n", in: "kube-flannel")
        let pool = "apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.1.0.0/33}"
        let service = "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: s}\nspec: {cidrs: [x, 10.9.0.0/16]}"
        let snapshot = snapshot([broken, flannel, pool, service].joined(separator: "\n---\n"))
        #expect(snapshot.ranges.map(\.prefix.description) == ["10.9.0.0/16"])
        #expect(snapshot.findings.map(\.field) == ["data.ClusterConfiguration", "data[net-conf.json]", "spec.cidr", "spec.cidrs[0]"])
        #expect(snapshot.isComplete)
    }

    @Test(arguments: ["{}", "null", "[1]", "{ClusterConfiguration: 7}", "{ClusterConfiguration: ''}", "{ClusterConfiguration: '[]'}"])
    func `odd data says nothing`(data: String) {
        #expect(
            snapshot("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kubeadm-config, namespace: kube-system}\ndata: \(data)").ranges
                == [])
    }

    @Test(arguments: [
        ("  enable-egress-gateway: \"true\"\n", "kube-system", "configmap/kube-system/cilium-config enable-egress-gateway"),
        ("  enable-ipv4-egress-gateway: \"true\"\n", "cilium", "configmap/cilium/cilium-config enable-ipv4-egress-gateway"),
        ("  enable-egress-gateway: \"false\"\n", "kube-system", nil),
        ("  enable-egress-gateway: \"true\"\n", "shop", nil),
    ])
    func `Cilium's own egress gateway is seen by both names of its key`(data: String, namespace: String, owner: String?) {
        #expect(snapshot(configMap("cilium-config", data, in: namespace)).ciliumEgressGateway == owner)
    }

    @Test func `of two documents for one config map the last counts`() {
        let text = ["true", "false"].map { configMap("cilium-config", "  enable-egress-gateway: \"\($0)\"\n") }.joined(separator: "\n---\n")
        #expect(snapshot(text).ciliumEgressGateway == nil)
        #expect(snapshot(text).findings.map(\.code) == [.duplicateObject])
    }

    @Test func `what an adapter has to read is listed`() {
        #expect(
            ConfigurationSource.configMaps.map(\.description) == [
                "configmap/kube-system/kubeadm-config", "configmap/kube-system/cilium-config", "configmap/cilium/cilium-config",
                "configmap/kube-flannel/kube-flannel-cfg", "configmap/kube-system/kube-flannel-cfg",
            ])
        #expect(ConfigurationSource.collections.count == 4)
    }

    @Test func `where the API servers are is the word of default's kubernetes alone`() {
        let slice =
            "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nmetadata: {name: NAME, namespace: SPACE}\n"
            + "endpoints: [{addresses: [203.0.113.66], conditions: {ready: true}}, {addresses: [203.0.113.67], conditions: {ready: false}}]"
        func of(_ name: String, _ space: String) -> [IPAddress] {
            snapshot(slice.replacing("NAME", with: name).replacing("SPACE", with: space)).apiServers
        }
        #expect(of("kubernetes", "default").map(\.description) == ["203.0.113.66", "203.0.113.67"])
        #expect(of("kubernetes", "team-a") == [])
        #expect(of("kubernetes-2", "default") == [])
        let endpoints =
            "apiVersion: v1\nkind: Endpoints\nmetadata: {name: kubernetes, namespace: default}\n"
            + "subsets: [{addresses: [{ip: 203.0.113.66}], notReadyAddresses: [{ip: 203.0.113.68}], ports: [{port: 6443}]}]"
        #expect(snapshot(endpoints).apiServers.map(\.description) == ["203.0.113.66", "203.0.113.68"])
        #expect(
            snapshot(slice.replacing("NAME", with: "kubernetes").replacing("SPACE", with: "default") + "\n---\n" + endpoints).apiServers
                .count == 3)
    }
}
