import EgressModel
import JSONText

extension ObjectScanner {
    private static let specFields = JSONFields(
        ["podCIDR", "podCIDRs", "taints", "unschedulable"], passed: ["configSource", "externalID", "providerID"])
    private static let taintFields = JSONFields(["key"], passed: ["effect", "timeAdded", "value"])
    private static let statusFields = JSONFields(
        ["addresses", "conditions"],
        passed: [
            "allocatable", "capacity", "config", "daemonEndpoints", "features", "images", "nodeInfo", "phase", "runtimeHandlers",
            "volumesAttached", "volumesInUse",
        ])
    private static let addressFields = JSONFields(["address", "type"])
    private static let conditionFields = JSONFields(
        ["status", "type"], passed: ["lastHeartbeatTime", "lastTransitionTime", "message", "reason"])

    mutating func node(_ head: Head) throws(JSONDetour) -> Node {
        var head = head
        var node = Node(metadata: ObjectMetadata(name: "", uid: ""))
        var field = head.field
        while let current = field {
            switch current {
            case ObjectField.metadata: node.metadata = try metadata(of: .node)
            case ObjectField.spec: try nodeSpec(&node)
            case ObjectField.status: try nodeStatus(&node)
            default: throw JSONDetour()
            }
            field = try cursor.next(&head.members)
        }
        guard !node.metadata.name.isEmpty else { throw JSONDetour() }
        return node
    }

    private mutating func nodeSpec(_ node: inout Node) throws(JSONDetour) {
        var only: JSONSlice?
        var ranges: [JSONSlice] = []
        var members = try cursor.object(Self.specFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: only = try cursor.string()
            case 1: ranges = try slices()
            case 2: node.taintKeys = try taintKeys()
            case 3: node.isCordoned = try cursor.bool()
            default: try cursor.pass()
            }
        }
        for range in ranges.isEmpty ? [only].compactMap({ $0 }) : ranges where !range.isEmpty {
            guard let prefix = IPPrefix(range.string) else { throw JSONDetour() }
            node.podCIDRs.append(prefix)
        }
    }

    private mutating func taintKeys() throws(JSONDetour) -> [String] {
        var keys: [String] = []
        var isFirst = true
        try cursor.array()
        while try cursor.hasElement(isFirst: &isFirst) {
            var members = try cursor.object(Self.taintFields)
            while let field = try cursor.next(&members) {
                if field == 0 { keys.append(strings.string(try cursor.string())) } else { try cursor.pass() }
            }
        }
        return keys
    }

    private mutating func nodeStatus(_ node: inout Node) throws(JSONDetour) {
        var members = try cursor.object(Self.statusFields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: try nodeAddresses(&node)
            case 1: try nodeConditions(&node)
            default: try cursor.pass()
            }
        }
    }

    private mutating func nodeAddresses(_ node: inout Node) throws(JSONDetour) {
        var isFirst = true
        try cursor.array()
        while try cursor.hasElement(isFirst: &isFirst) {
            let (text, type) = try pair(Self.addressFields)
            guard let type else { continue }
            if type == "InternalIP" {
                guard let text else { throw JSONDetour() }
                node.internalAddresses.append(try address(text))
            } else if type == "ExternalIP" {
                guard let text else { throw JSONDetour() }
                node.externalAddresses.append(try address(text))
            }
        }
    }

    private mutating func nodeConditions(_ node: inout Node) throws(JSONDetour) {
        var isFirst = true
        try cursor.array()
        while try cursor.hasElement(isFirst: &isFirst) {
            let (status, type) = try pair(Self.conditionFields)
            if let type, type == "Ready" { node.isReady = status.map { $0 == "True" } ?? false }
        }
    }

    /// The two members that are read of an object.
    private mutating func pair(_ fields: JSONFields) throws(JSONDetour) -> (JSONSlice?, JSONSlice?) {
        var pair: (JSONSlice?, JSONSlice?)
        var members = try cursor.object(fields)
        while let field = try cursor.next(&members) {
            switch field {
            case 0: pair.0 = try cursor.string()
            case 1: pair.1 = try cursor.string()
            default: try cursor.pass()
            }
        }
        return pair
    }

    /// It has nothing but metadata that is read.
    mutating func namespace(_ head: Head) throws(JSONDetour) -> Namespace {
        var head = head
        var namespace = Namespace(metadata: ObjectMetadata(name: "", uid: ""))
        var field = head.field
        while let current = field {
            switch current {
            case ObjectField.metadata: namespace.metadata = try metadata(of: .namespace)
            case ObjectField.spec, ObjectField.status: try cursor.pass()
            default: throw JSONDetour()
            }
            field = try cursor.next(&head.members)
        }
        guard !namespace.name.isEmpty else { throw JSONDetour() }
        if namespace.metadata.labels["kubernetes.io/metadata.name"] == nil {
            namespace.metadata.labels["kubernetes.io/metadata.name"] = namespace.name
        }
        return namespace
    }
}
