import EgressModel
import JSONText

extension ObjectScanner {
    private static let specFields = JSONFields(
        ["clusterIP", "clusterIPs", "externalIPs", "loadBalancerIP", "ports", "selector"],
        passed: [
            "allocateLoadBalancerNodePorts", "externalName", "externalTrafficPolicy", "healthCheckNodePort", "internalTrafficPolicy",
            "ipFamilies", "ipFamilyPolicy", "loadBalancerClass", "loadBalancerSourceRanges", "publishNotReadyAddresses", "sessionAffinity",
            "sessionAffinityConfig", "trafficDistribution", "type",
        ])
    private static let statusFields = JSONFields(["loadBalancer"], passed: ["conditions"])
    private static let balancerFields = JSONFields(["ingress"])
    private static let ingressFields = JSONFields(["ip"], passed: ["hostname", "ipMode", "ports"])
    private static let portFields = JSONFields(["name", "port", "protocol", "targetPort"], passed: ["appProtocol", "nodePort"])

    /// Its addresses as they are written, from where they are written.
    private struct ServiceAddresses {
        var cluster: JSONSlice?
        var balancer: JSONSlice?
        var all: [JSONSlice] = []
        var external: [JSONSlice] = []
        var ingress: [JSONSlice] = []

        var slices: [JSONSlice] { [cluster, balancer].compactMap { $0 } + all + external + ingress }
    }

    mutating func service(_ head: Head) throws(JSONDetour) -> Service {
        var head = head
        var service = Service(metadata: ObjectMetadata(name: "", uid: ""), addresses: [])
        var addresses = ServiceAddresses()
        var field = head.field
        while let current = field {
            switch current {
            case ObjectField.metadata: service.metadata = try metadata(of: .service)
            case ObjectField.spec: try serviceSpec(&service, &addresses)
            case ObjectField.status: addresses.ingress = try ingress()
            default: throw JSONDetour()
            }
            field = try cursor.next(&head.members)
        }
        guard !service.metadata.name.isEmpty else { throw JSONDetour() }
        for slice in addresses.slices where !(slice.isEmpty || slice == "None") {
            let address = try address(slice)
            if !service.addresses.contains(address) { service.addresses.append(address) }
        }
        return service
    }

    private mutating func serviceSpec(_ service: inout Service, _ addresses: inout ServiceAddresses) throws(JSONDetour) {
        var members = try cursor.object(Self.specFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: addresses.cluster = try cursor.string()
            case 1: addresses.all = try slices()
            case 2: addresses.external = try slices()
            case 3: addresses.balancer = try cursor.string()
            case 4: service.ports = try servicePorts()
            case 5:
                let depth = cursor.openCount
                var walk = JSONCursor(try cursor.pass(), depth: depth)
                let selector = try stringMap(&walk)
                service.selector = selector.isEmpty ? nil : selector
            default: try cursor.pass()
            }
        }
    }

    private mutating func servicePorts() throws(JSONDetour) -> [ServicePort] {
        var ports: [ServicePort] = []
        var isFirst = true
        try cursor.array()
        while try cursor.hasElement(isFirst: &isFirst) { ports.append(try servicePort()) }
        return ports
    }

    private mutating func servicePort() throws(JSONDetour) -> ServicePort {
        var (name, transport): (JSONSlice?, JSONSlice?)
        var number: UInt16?
        var target: ServicePort.Target?
        var members = try cursor.object(Self.portFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: name = try cursor.string()
            case 1: number = try Self.port(&cursor)
            case 2: transport = try cursor.string()
            case 3: target = cursor.isAtString() ? .name(strings.string(try cursor.string())) : .number(try Self.port(&cursor))
            default: try cursor.pass()
            }
        }
        guard let number else { throw JSONDetour() }
        return ServicePort(name: name.map { strings.string($0) }, number: number, transport: Self.transport(transport), target: target)
    }

    private mutating func ingress() throws(JSONDetour) -> [JSONSlice] {
        var addresses: [JSONSlice] = []
        var status = try cursor.object(Self.statusFields)
        while let field = try cursor.next(&status) {
            guard field == 0 else {
                try cursor.pass()
                continue
            }
            var balancer = try cursor.object(Self.balancerFields)
            while try cursor.next(&balancer) != nil {
                var isFirst = true
                try cursor.array()
                while try cursor.hasElement(isFirst: &isFirst) {
                    var members = try cursor.object(Self.ingressFields)
                    while let field = try cursor.next(&members) {
                        if field == 0 { addresses.append(try cursor.string()) } else { try cursor.pass() }
                    }
                }
            }
        }
        return addresses
    }
}
