public import EgressModel
public import JSONText

extension EgressNode {
    /// The object as the cluster stores it; every field of the status is there, absent ones as `null`.
    public var manifest: JSONValue {
        [
            "apiVersion": "kubectl-egress.dev/v1alpha1",
            "kind": "EgressNode",
            "metadata": metadata.manifest,
            "status": [
                "reportedAt": reportedAt.manifest,
                "helper": helper.map { ["version": .string($0.version), "abi": JSONValue($0.abi), "datapath": .string($0.datapath)] }
                    ?? .null,
                "interfaces": .array(interfaces.map(\.manifest)),
                "defaultRoute": ["ipv4": defaultRoute.ipv4.manifest, "ipv6": defaultRoute.ipv6.manifest],
                "ranges": ["pods": texts(ranges.pods), "services": texts(ranges.services)],
                "steering": steering.map { ["default": .string($0.default.rawValue), "reason": .string($0.reason)] } ?? .null,
                "lastEntryID": JSONValue(lastEntryID),
                "restingIDs": restingIDs.map(\.manifest) ?? .null,
                "resolutions": .array(resolutions.map(\.manifest)),
                "policies": .array(policies.map(\.manifest)),
                "gateways": .array(gateways.map { ["node": .string($0.node), "reachable": .bool($0.reachable)] }),
            ],
        ]
    }
}

extension ObjectMetadata {
    /// What the manifest of an object carries; fields without a value are left out, as kubectl prints them.
    var manifest: JSONValue {
        var object: JSONObject = ["name": .string(name)]
        if let namespace { object["namespace"] = .string(namespace) }
        if !uid.isEmpty { object["uid"] = .string(uid) }
        if let creationTimestamp { object["creationTimestamp"] = .string(creationTimestamp) }
        if generation != 0 { object["generation"] = .integer(generation) }
        if !labels.isEmpty { object["labels"] = map(labels) }
        if !annotations.isEmpty { object["annotations"] = map(annotations) }
        return .object(object)
    }
}

extension NetworkInterface {
    fileprivate var manifest: JSONValue {
        [
            "name": .string(name), "altNames": .array(altNames.map(JSONValue.string)), "index": JSONValue(index),
            "addresses": texts(addresses), "up": .bool(isUp),
        ]
    }
}

extension EntryResolution {
    fileprivate var manifest: JSONValue {
        [
            "policy": .string(policy), "uid": .string(uid), "entry": JSONValue(entry), "id": JSONValue(id), "ipv4": texts(ipv4),
            "ipv6": texts(ipv6), "interface": interface.manifest, "strategy": strategy.map(\.manifest) ?? .null,
            "code": .string(code), "reason": .string(reason),
        ]
    }
}

extension RestingIDs {
    fileprivate var manifest: JSONValue {
        ["allSince": allSince.manifest, "ids": .array(ids.map { ["id": JSONValue($0.id), "since": .string($0.since)] })]
    }
}

extension StrategyReport {
    fileprivate var manifest: JSONValue {
        ["name": .string(name), "version": .string(version), "claims": .bool(claims), "since": since.manifest]
    }
}

extension PolicyInForce {
    fileprivate var manifest: JSONValue {
        [
            "name": .string(name), "uid": .string(uid), "generation": .integer(generation), "programmed": .bool(programmed),
            "pods": JSONValue(pods), "code": .string(code), "reason": .string(reason),
        ]
    }
}

extension String? {
    fileprivate var manifest: JSONValue { map(JSONValue.string) ?? .null }
}

func texts(_ values: [some CustomStringConvertible]) -> JSONValue { .array(values.map { .string($0.description) }) }

/// Sorted by key, so that equal maps are equal text.
func map(_ strings: [String: String]) -> JSONValue {
    .object(JSONObject(strings.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }))
}
