import JSONText

/// Objects of the kinds that are read in one pass: mostly as clusters have them, now and then with anything in any field.
struct RandomManifests<Random: RandomNumberGenerator> {
    var random: Random
    private var number = 0

    init(_ random: Random) { self.random = random }

    mutating func chance(_ bound: Int) -> Bool { Int.random(in: 0..<bound, using: &random) == 0 }
    private mutating func one<Element>(of choices: [Element], or other: Element) -> Element {
        choices.randomElement(using: &random) ?? other
    }

    mutating func object() -> JSONValue {
        number += 1
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return whole("Node", metadata(namespace: false), nodeSpec(), nodeStatus())
        case 1: return whole("Namespace", metadata(namespace: false), object(["finalizers": ["kubernetes"]]), object(["phase": "Active"]))
        case 2: return whole("Service", metadata(namespace: true), serviceSpec(), serviceStatus())
        default: return whole("Pod", metadata(namespace: true), podSpec(), podStatus())
        }
    }

    private mutating func whole(_ kind: String, _ metadata: JSONValue, _ spec: JSONValue, _ status: JSONValue) -> JSONValue {
        let kind = chance(60) ? one(of: ["Pods", "pod", "Deployment", "List", "PodList", "CiliumEgressGatewayPolicy"], or: "") : kind
        let version = chance(60) ? one(of: ["v2", "apps/v1", "cilium.io/v2", ""], or: "") : "v1"
        return object(
            ["apiVersion": .string(version), "kind": .string(kind), "metadata": metadata, "spec": spec, "status": status], keepsOrder: true)
    }

    /// Some members left out, some of another type, some more than there should be.
    private mutating func object(_ members: KeyValuePairs<String, JSONValue>, keepsOrder: Bool = false) -> JSONValue {
        var result: [(String, JSONValue)] = []
        for (key, value) in members where !chance(keepsOrder ? 80 : 6) {
            result.append((key, chance(120) ? anything() : value))
        }
        if chance(60) { result.append((one(of: ["x", "", "Name", "é", "quo\"te", "items", "hostNetworks", "tab\t"], or: ""), anything())) }
        if !keepsOrder || chance(20) { result.shuffle(using: &random) }
        return .object(JSONObject(result))
    }

    private mutating func list(_ element: (inout Self) -> JSONValue) -> JSONValue {
        let count = chance(4) ? 0 : Int.random(in: 1...3, using: &random)
        var elements: [JSONValue] = []
        for _ in 0..<count { elements.append(chance(120) ? anything() : element(&self)) }
        return .array(elements)
    }

    private mutating func anything() -> JSONValue {
        let texts: [JSONValue] = ["", "None", "é", "a\"b\\c\n", "\u{1F600}", "10.0.0.1", "Ready", "true", "1"]
        let others: [JSONValue] = [
            nil, true, false, 0, 1, -1, 80, 65536, 1.5, 1e300, .unsigned(.max), [], [:], [nil], [1, "a"], ["a": ["b": [nil]]],
            ["ip": "10.0.0.9"], [["ip": "10.0.0.9"]],
        ]
        return one(of: texts + others, or: nil)
    }

    private mutating func text(_ choices: [String]) -> JSONValue { .string(one(of: choices, or: "")) }

    private mutating func address() -> JSONValue {
        if chance(40) { return text(["", "None", "10.0.0", "10.0.0.01", "fe80::1%eth0", "host"]) }
        let low = String(UInt16.random(in: 0...UInt16.max, using: &random), radix: 16)
        return chance(2)
            ? .string("10.\(Int.random(in: 0...255, using: &random)).0.\(Int.random(in: 0...255, using: &random))")
            : .string(one(of: ["fd00::", "2001:DB8:0:1:2:3:4:", "::ffff:10.0.0.", "::"], or: "") + (chance(9) ? "1" : low))
    }

    private mutating func labels() -> JSONValue {
        object([
            "app": text(["web", "db"]), "app.kubernetes.io/name": text(["checkout", "a-name-of-more-than-fifteen", "grün"]),
            "kubernetes.io/metadata.name": text(["default", "x"]), "team": text(["a", ""]),
        ])
    }

    private mutating func metadata(namespace: Bool) -> JSONValue {
        let name = chance(50) ? one(of: ["Upper", "", "a..b", "-a", "a-", "ä"], or: "") : "object-\(number / (chance(300) ? 2 : 1)).x"
        return object(
            [
                "name": .string(name), "labels": labels(),
                "annotations": object(["note": text(["plain", "{\"json\":\"in it\"}", "é\n"]), "kubectl-egress.dev/drain": "true"]),
                "creationTimestamp": chance(40) ? text(["2026-11-22", "2026-11-22T10:00:00+01:00", ""]) : "2026-11-22T10:00:00Z",
                "uid": text(["0d4d2b2c-6a43-4b4e-9f86-2f6a9d3f0a11", ""]), "generation": .integer(Int64(number)),
                namespace || chance(40) ? "namespace" : "resourceVersion": text(["default", "team-with-a-long-name-1"]),
                "managedFields": list { $0.object(["manager": "kubectl", "fieldsV1": $0.anything()]) },
                "ownerReferences": list { $0.anything() }, "deletionTimestamp": anything(), "finalizers": anything(),
            ])
    }

    // MARK: Pods

    private mutating func container() -> JSONValue {
        object([
            "name": text(["web", "istio-proxy", "linkerd-proxy", "sidecar"]), "restartPolicy": text(["Always", "Never"]),
            "image": text(["nginx:1", "é"]), "env": anything(), "args": list { $0.text(["--a", "-b\t"]) }, "resources": anything(),
            "ports": list {
                $0.object([
                    "containerPort": $0.chance(30) ? $0.anything() : 8080, "name": $0.text(["http", "metrics-of-a-long-name"]),
                    "protocol": $0.text(["TCP", "UDP", "SCTP", "tcp", "Other"]), "hostPort": 80,
                ])
            },
        ])
    }

    private mutating func podSpec() -> JSONValue {
        object([
            "nodeName": text(["node-1", "node-of-a-long-name.example.org", ""]), "hostNetwork": .bool(chance(2)),
            "containers": list { $0.container() }, "initContainers": list { $0.container() }, "volumes": anything(),
            "tolerations": list { $0.anything() }, "serviceAccountName": "default", "restartPolicy": "Always", "priority": anything(),
            "nodeSelector": anything(), "hostAliases": anything(), "dnsPolicy": text(["ClusterFirst", "None"]), "hostname": anything(),
        ])
    }

    private mutating func podStatus() -> JSONValue {
        object([
            "phase": text(["Running", "Succeeded", "Pending", "Odd"]), "podIP": address(), "hostIP": address(), "qosClass": anything(),
            "podIPs": list { $0.object(["ip": $0.address()]) }, "conditions": list { $0.object(["type": "Ready", "status": "False"]) },
            "reason": text(["Evicted", ""]), "message": anything(), "startTime": anything(), "containerStatuses": anything(),
        ])
    }

    // MARK: Nodes and services

    private mutating func nodeSpec() -> JSONValue {
        func range(_ manifests: inout Self) -> JSONValue { manifests.text(["10.1.0.0/24", "fd00:1::/64", "", "10.1.0.7/24", "10.1.0.0"]) }
        return object([
            "podCIDR": range(&self), "podCIDRs": list { $0.text(["10.1.0.0/24", "fd00:1::/64", ""]) }, "unschedulable": .bool(chance(2)),
            "providerID": anything(),
            "taints": list {
                $0.object([
                    "key": $0.text(["a", "node.kubernetes.io/unreachable"]), "effect": $0.text(["NoSchedule", "NoExecute"]),
                    "value": $0.text(["", "x"]), "timeAdded": $0.anything(),
                ])
            },
        ])
    }

    private mutating func nodeStatus() -> JSONValue {
        object([
            "addresses": list {
                $0.object(["type": $0.text(["InternalIP", "ExternalIP", "Hostname"]), "address": $0.address()])
            },
            "conditions": list {
                $0.object([
                    "type": $0.text(["Ready", "DiskPressure"]), "status": $0.text(["True", "False", "Unknown"]),
                    "reason": $0.text(["KubeletReady", ""]), "message": $0.anything(), "lastHeartbeatTime": $0.anything(),
                ])
            },
            "capacity": anything(), "nodeInfo": anything(), "images": anything(), "allocatable": anything(),
        ])
    }

    private mutating func serviceSpec() -> JSONValue {
        object([
            "clusterIP": address(), "clusterIPs": list { $0.address() }, "externalIPs": list { $0.address() }, "loadBalancerIP": address(),
            "selector": labels(), "type": text(["ClusterIP", "LoadBalancer", "ExternalName", "NodePort"]),
            "externalName": text(["example.org", ""]), "sessionAffinity": anything(), "ipFamilies": anything(),
            "externalTrafficPolicy": text(["Local", "Cluster"]), "publishNotReadyAddresses": .bool(chance(2)),
            "ports": list {
                $0.object([
                    "name": $0.text(["http", ""]), "port": $0.chance(30) ? $0.anything() : 80,
                    "targetPort": $0.chance(3) ? 8080 : $0.chance(9) ? $0.anything() : "http", "protocol": $0.text(["TCP", "UDP"]),
                    "nodePort": 30080, "appProtocol": $0.text(["http", "h2c"]),
                ])
            },
        ])
    }

    private mutating func serviceStatus() -> JSONValue {
        object([
            "loadBalancer": object([
                "ingress": list {
                    $0.object(["ip": $0.address(), "hostname": $0.text(["a.example"]), "ipMode": $0.text(["VIP", "Proxy"])])
                }
            ])
        ])
    }
}
