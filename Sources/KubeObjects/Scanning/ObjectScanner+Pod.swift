import EgressModel
import JSONText

/// What a list of containers says; the same as ``PodContainers``.
struct ScannedContainers {
    var ports: [PodPort] = []
    var sidecar: MeshSidecar?
}

extension ObjectScanner {
    private static let specFields = JSONFields(
        ["containers", "hostNetwork", "initContainers", "nodeName"],
        passed: [
            "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks",
            "ephemeralContainers", "hostAliases", "hostIPC", "hostPID", "hostUsers", "hostname", "imagePullSecrets", "nodeSelector", "os",
            "overhead", "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources",
            "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
            "serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "tolerations",
            "topologySpreadConstraints", "volumes",
        ])
    private static let statusFields = JSONFields(
        ["phase", "podIP", "podIPs"],
        passed: [
            "conditions", "containerStatuses", "ephemeralContainerStatuses", "hostIP", "hostIPs", "initContainerStatuses", "message",
            "nominatedNodeName", "observedGeneration", "qosClass", "reason", "resize", "resourceClaimStatuses", "startTime",
        ])
    private static let addressFields = JSONFields(["ip"])
    private static let containerFields = JSONFields(
        ["name", "ports", "restartPolicy"],
        passed: [
            "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "readinessProbe", "resizePolicy",
            "resources", "securityContext", "startupProbe", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy",
            "tty", "volumeDevices", "volumeMounts", "workingDir",
        ])
    private static let portFields = JSONFields(["containerPort", "name", "protocol"], passed: ["hostIP", "hostPort"])

    mutating func pod(_ head: Head) throws(JSONDetour) -> Pod {
        var head = head
        var pod = Pod(metadata: ObjectMetadata(name: "", uid: ""))
        var field = head.field
        while let current = field {
            switch current {
            case ObjectField.metadata: pod.metadata = try metadata(of: .pod)
            case ObjectField.spec: try podSpec(&pod)
            case ObjectField.status: try podStatus(&pod)
            default: throw JSONDetour()
            }
            field = try cursor.next(&head.members)
        }
        guard !pod.metadata.name.isEmpty else { throw JSONDetour() }
        return pod
    }

    private mutating func podSpec(_ pod: inout Pod) throws(JSONDetour) {
        var plain = ScannedContainers()
        var initial = ScannedContainers()
        var members = try cursor.object(Self.specFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: plain = try sharedContainers()
            case 1: pod.isHostNetwork = try cursor.bool()
            case 2: initial = try initContainers()
            case 3:
                let name = try cursor.string()
                pod.nodeName = name.isEmpty ? nil : strings.string(name)
            default: try cursor.pass()
            }
        }
        pod.sidecar = plain.sidecar ?? initial.sidecar
        pod.ports = initial.ports.isEmpty ? plain.ports : plain.ports + initial.ports
    }

    private mutating func podStatus(_ pod: inout Pod) throws(JSONDetour) {
        var only: JSONSlice?
        var members = try cursor.object(Self.statusFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: pod.phase = Self.phase(try cursor.string())
            case 1: only = try cursor.string()
            case 2: pod.addresses = try podAddresses()
            default: try cursor.pass()
            }
        }
        if pod.addresses.isEmpty, let only, !only.isEmpty { pod.addresses = [try address(only)] }
    }

    private static func phase(_ name: JSONSlice) -> Pod.Phase {
        name == "Running" ? .running : Pod.Phase(rawValue: name.string) ?? .unknown
    }

    private mutating func podAddresses() throws(JSONDetour) -> [IPAddress] {
        var first: IPAddress?
        var all: [IPAddress] = []
        var isFirst = true
        try cursor.array()
        while try cursor.hasElement(isFirst: &isFirst) {
            var members = try cursor.object(Self.addressFields)
            while try cursor.next(&members) != nil {
                let address = try address(try cursor.string())
                // One array of the right size: most pods have one or two.
                if let known = first, all.isEmpty {
                    all = [known, address]
                } else if first == nil {
                    first = address
                } else {
                    all.append(address)
                }
            }
        }
        return all.isEmpty ? first.map { [$0] } ?? [] : all
    }

    // MARK: Containers

    private mutating func sharedContainers() throws(JSONDetour) -> ScannedContainers {
        if let known = containers.again(&cursor) { return known }
        let depth = cursor.openCount
        let slice = try cursor.pass()
        let hash = slice.hash
        if let known = containers.find(slice, hash: hash, depth: depth) { return known }
        let made = try listed(slice, depth: depth, isInitial: false)
        containers.insert(made, for: slice, hash: hash, depth: depth)
        return made
    }

    private mutating func initContainers() throws(JSONDetour) -> ScannedContainers {
        let depth = cursor.openCount
        return try listed(try cursor.pass(), depth: depth, isInitial: true)
    }

    private mutating func listed(_ list: JSONSlice, depth: Int, isInitial: Bool) throws(JSONDetour) -> ScannedContainers {
        var walk = JSONCursor(list, depth: depth)
        var all = ScannedContainers()
        var isFirst = true
        try walk.array()
        while try walk.hasElement(isFirst: &isFirst) { try container(&walk, isInitial: isInitial, into: &all) }
        return all
    }

    /// An init container counts only when it goes on beside the others (KEP-753).
    private mutating func container(
        _ walk: inout JSONCursor, isInitial: Bool, into all: inout ScannedContainers
    ) throws(JSONDetour) {
        var name: JSONSlice?
        var ports: [PodPort] = []
        var counts = !isInitial
        var members = try walk.object(Self.containerFields)
        while let field = try walk.next(&members) {
            switch field {
            case 0: name = try walk.string()
            case 1:
                var isFirst = true
                try walk.array()
                while try walk.hasElement(isFirst: &isFirst) {
                    if let port = try podPort(&walk) { ports.append(port) }
                }
            case 2:
                let policy = try walk.string()
                counts = counts || policy == "Always"
            default: try walk.pass()
            }
        }
        guard counts else { return }
        if all.sidecar == nil, let name = name?.string { all.sidecar = MeshSidecar.allCases.first { $0.containerName == name } }
        all.ports += ports
    }

    private mutating func podPort(_ walk: inout JSONCursor) throws(JSONDetour) -> PodPort? {
        var (name, transport): (JSONSlice?, JSONSlice?)
        var number: UInt16?
        var members = try walk.object(Self.portFields)
        while let field = try walk.next(&members) {
            switch field {
            case 0: number = try Self.port(&walk)
            case 1: name = try walk.string()
            case 2: transport = try walk.string()
            default: try walk.pass()
            }
        }
        guard let name, let number else { return nil }
        return PodPort(name: strings.string(name), number: number, transport: Self.transport(transport))
    }
}
