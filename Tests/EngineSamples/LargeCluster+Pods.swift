import EgressModel
import TestRandom

extension LargeCluster {
    /// Deployments mostly, some of hundreds; stateful sets, whose every pod has labels of its own; jobs that have finished,
    /// daemons on the hosts' network.
    mutating func addPods() {
        for count in Self.touched where 4 * count <= pods { addWorkload("touched-\(count)", replicas: count, in: namespaces - 1) }
        while podCount < pods {
            let number = workloads.count
            let replicas = min(pods - podCount, chance.oneIn(40) ? 200 : Int.random(in: 1...25, using: &chance))
            addWorkload("application-\(number)", replicas: replicas, in: Int.random(in: 0..<(namespaces - 1), using: &chance))
        }
    }

    private mutating func addWorkload(_ name: String, replicas: Int, in namespace: Int) {
        let isTouched = name.hasPrefix("touched")
        let kind = isTouched ? 0 : Int.random(in: 0..<20, using: &chance)
        workloads.append((namespace, name))
        let hash = String(chance.next() % 0xFFFF_FFFF, radix: 36)
        for replica in 0..<replicas {
            // Built for each pod, so that nothing is shared.
            var labels = [
                key("name"): name, key("instance"): "\(name)-production", key("part-of"): "team-\(namespace % 97)",
                key("managed-by"): "Helm", "tier": ["frontend", "backend", "batch"][name.utf8.count % 3],
            ]
            let own: String
            switch kind {
            case 0...14:
                labels["pod-template-hash"] = hash
                own = "\(name)-\(hash)-\(String(chance.next() % 60_466_176, radix: 36))"
            case 15...17:
                own = "\(name)-\(replica)"
                labels["statefulset.kubernetes.io/pod-name"] = own
                labels["apps.kubernetes.io/pod-index"] = "\(replica)"
            default:
                own = "\(name)-\(String(chance.next() % 60_466_176, radix: 36))"
                labels["controller-revision-hash"] = hash
            }
            addPod(own, labels, in: Self.namespace(namespace), isDaemon: kind == 18, isJob: kind == 19)
        }
    }

    private mutating func addPod(_ name: String, _ labels: Labels, in namespace: String, isDaemon: Bool, isJob: Bool) {
        let number = podCount
        let node = Int.random(in: 0..<nodes, using: &chance)
        let own = metadata(name, in: namespace, labels: labels)
        var addresses = [IPAddress(ipv4: 0x0A00_0000 + UInt32(node) << 8 + UInt32(2 + number % 250))]
        if number.isMultiple(of: 10) { addresses.append(IPAddress(ipv6: 0xFD00 << 112 | UInt128(number))) }
        append(
            Pod(
                metadata: own, nodeName: chance.oneIn(500) && !name.hasPrefix("touched") ? nil : Self.name(node), isHostNetwork: isDaemon,
                phase: isJob ? .succeeded : .running, addresses: addresses))
    }

    /// Made anew each time, as a reader does.
    private func key(_ name: String) -> String { ["app.kubernetes.io", name].joined(separator: "/") }

    // MARK: Policies

    /// An application of a namespace mostly; teams, expressions, nodes, two gateways; now and then the prefixes of a neighbour.
    mutating func policy(_ number: Int) -> EgressGatewayPolicy {
        let first = workloads.count { $0.namespace == namespaces - 1 }
        let workload = workloads[first + number * 7 % max(1, workloads.count - first)]
        var policy = EgressGatewayPolicy.sample("policy-\(number)", to: prefixes(number), via: [gateway(number)])
        policy.metadata = metadata("policy-\(number)")
        policy.selectors = [selector(number, workload)]
        if number.isMultiple(of: 3) { policy.excludedCIDRs = [IPPrefix(host: IPAddress(ipv4: 0x0B00_0007 + UInt32(number) << 12))] }
        if number % 10 == 4 { policy.gateways.append(gateway(number + 1)) }
        if number % 10 == 5 { policy.destinationCIDRs[9] = "2001:db8:7::/48" }
        return policy
    }

    private func selector(_ number: Int, _ workload: (namespace: Int, name: String)) -> EgressSelector {
        let team = LabelSelector(matchLabels: ["team": "team-\(workload.namespace % 97)"])
        let own = LabelSelector(matchLabels: [key("name"): workload.name])
        switch number % 20 {
        case 0...9: return EgressSelector(podSelector: own, namespaceSelector: team)
        case 10...13:
            return EgressSelector(
                podSelector: [key("name"): workload.name, "io.kubernetes.pod.namespace": Self.namespace(workload.namespace)])
        case 14...16:
            let name = ["kubernetes.io/metadata.name": Self.namespace(workload.namespace)]
            return EgressSelector(namespaceSelector: LabelSelector(matchLabels: name))
        case 17:
            let tiers = LabelRequirement(key: "tier", operation: .in, values: ["frontend", "batch"])
            return EgressSelector(podSelector: LabelSelector(matchExpressions: [tiers]), namespaceSelector: team)
        case 18: return EgressSelector(podSelector: own, nodeSelector: ["pool": "pool-\(number % 40 / 2)"])
        default: return EgressSelector(podSelector: own)
        }
    }

    /// Ten of its own; each 50th has those of the policy before.
    private func prefixes(_ number: Int) -> [IPPrefix] {
        let block = UInt32(number % 50 == 49 ? number - 49 : number)
        return (0..<10).compactMap { IPPrefix(IPAddress(ipv4: 0x0B00_0000 + block << 12 + UInt32($0) << 8), length: 24) }
    }

    private func gateway(_ number: Int) -> GatewayEntry {
        GatewayEntry(nodeSelector: ["egress-gateway": "gw-\(number % gateways)"], source: .defaultRoute)
    }
}
