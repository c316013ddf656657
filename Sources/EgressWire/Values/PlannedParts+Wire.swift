import EgressModel
public import EgressPlan
import EgressPolicy
public import JSONText

extension PlannedPolicy: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            accepted: try reader.value("accepted"), pods: try reader.required("pods").integer(in: 0...Int.max),
            code: try reader.required("code").string(), reason: try reader.required("reason").string())
    }

    public var wire: JSONValue {
        ["accepted": accepted.wire, "pods": JSONValue(pods), "code": .string(code), "reason": .string(reason)]
    }
}

extension PlannedEntry: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        let (ipv4, ipv6) = (try reader.addresses("ipv4", .ipv4), try reader.addresses("ipv6", .ipv6))
        // Who knows no addresses of an entry apart shares all of them.
        let all = try reader.required("shared").bool() ? ipv4 + ipv6 : []
        let shared = try reader.optional("sharedAddresses") == nil ? all : reader.addresses("sharedAddresses")
        self.init(
            policyUID: try reader.policyUID("policyUID"), policyName: try reader.required("policyName").name(upTo: 253),
            entry: try reader.required("entry").integer(in: 0...Int.max), id: try reader.entryID("id"),
            ipv4: ipv4, ipv6: ipv6,
            interface: try reader.optionalInterface("interface"), claims: try reader.optional("claims")?.bool() ?? false,
            sharedAddresses: shared,
            destinations: try reader.prefixes("destinations"), exclusions: try reader.prefixes("exclusions"))
    }

    public var wire: JSONValue {
        [
            "policyUID": .string(policyUID), "policyName": .string(policyName), "entry": JSONValue(entry), "id": JSONValue(id),
            "ipv4": .texts(ipv4), "ipv6": .texts(ipv6), "interface": .text(interface), "claims": .bool(claims),
            "shared": .bool(isShared), "sharedAddresses": .texts(sharedAddresses),
            "destinations": .texts(destinations), "exclusions": .texts(exclusions),
        ]
    }
}

extension PlannedRule: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            prefix: try reader.required("prefix").prefix(), action: try reader.required("action").word(),
            policyUID: try reader.policyUID("policyUID"), code: ReasonCode(rawValue: try reader.required("code").string()))
    }

    public var wire: JSONValue {
        [
            "prefix": .text(prefix), "action": .string(action.rawValue), "policyUID": .string(policyUID),
            "code": .string(code.rawValue),
        ]
    }
}

extension PlannedPod: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            namespace: try reader.required("namespace").name(upTo: 253), name: try reader.required("name").name(upTo: 253),
            uid: try reader.required("uid").string(), addresses: try reader.addresses("addresses"),
            set: try reader.required("set").int(), choices: try reader.list("choices"),
            ranBefore: try reader.optional("ranBefore")?.bool() ?? false)
    }

    public var wire: JSONValue {
        [
            "namespace": .string(namespace), "name": .string(name), "uid": .string(uid), "addresses": .texts(addresses),
            "set": JSONValue(set), "choices": .list(choices), "ranBefore": .bool(ranBefore),
        ]
    }
}

extension PlannedChoice: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            policyUID: try reader.policyUID("policyUID"), family: try reader.required("family").word(),
            onNoGateway: try reader.required("onNoGateway").word(), ranked: try reader.list("ranked"))
        guard ranked.count <= rankedLimit else { throw reader.fault("ranked", "has \(ranked.count) gateways, more than \(rankedLimit)") }
    }

    public var wire: JSONValue {
        [
            "policyUID": .string(policyUID), "family": .string(family.rawValue), "onNoGateway": .string(onNoGateway.rawValue),
            "ranked": .list(ranked),
        ]
    }
}

/// `EGRESS_RANKED_GATEWAYS`.
let rankedLimit = 8

extension PlannedGateway: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init(
            node: try reader.required("node").name(upTo: 253), address: try reader.required("address").address(),
            entryID: try reader.entryID("entryID"), egress: try reader.optional("egress")?.address())
    }

    public var wire: JSONValue {
        ["node": .string(node), "address": .text(address), "entryID": JSONValue(entryID), "egress": .text(egress)]
    }
}
