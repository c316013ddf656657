import EgressModel
public import EgressPlan
import EgressPolicy
public import JSONText

/// What the maps hold. Tables are lists sorted by their keys, so equal states are equal texts; tokens are `null`.
extension DatapathState: WireValue {
    public init(wire reader: JSONReader) throws(JSONFieldError) {
        self.init()
        settings = try reader.value("settings")
        attachments = Set(try reader.list("attachments") as [Attachment])
        pods = try reader.dictionary("pods") { row throws(JSONFieldError) in (try row.index("interfaceIndex"), try PodRecord(wire: row)) }
        sets = try reader.dictionary("sets") { row throws(JSONFieldError) in
            (try row.number("set"), Set(try row.list("rules") as [SetRule]))
        }
        policies = try reader.dictionary("policies") { row throws(JSONFieldError) in
            (try row.number("slot"), try row.policyUID("uid"))
        }
        choices = try reader.dictionary("choices") { row throws(JSONFieldError) in
            (
                ChoiceKey(
                    interfaceIndex: try row.index("interfaceIndex"), policy: try row.number("policy"),
                    family: try row.required("family").word()),
                try GatewayChoice(wire: row)
            )
        }
        gateways = try reader.dictionary("gateways") { row throws(JSONFieldError) in
            (try row.required("address").address(), try GatewayRecord(wire: row))
        }
        nodes = try reader.dictionary("nodes") { row throws(JSONFieldError) in
            (
                try row.required("address").address(),
                NodeRecord(
                    podNetwork: try row.optional("podNetwork")?.prefix(), podNetwork6: try row.optional("podNetwork6")?.prefix())
            )
        }
        cluster = try reader.dictionary("cluster") { row throws(JSONFieldError) in
            let range = try InClusterRange(wire: row)
            return (range.prefix, range.kind)
        }
        entries = try reader.dictionary("entries") { row throws(JSONFieldError) in (try row.entryID("id"), try EntryRecord(wire: row)) }
        egressAddresses = try reader.dictionary("egressAddresses") { row throws(JSONFieldError) in
            (try row.required("address").address(), try EgressAddressRecord(wire: row))
        }
        netfilter = try reader.value("netfilter")
        claimedAddresses = Set(try reader.list("claimedAddresses") as [ClaimedAddress])
    }

    public var wire: JSONValue {
        [
            "settings": settings.wire,
            "attachments": .list(attachments.sorted()),
            "pods": .rows(pods) { ["interfaceIndex": JSONValue($0)] },
            "sets": .array(
                sets.sorted { $0.key < $1.key }.map { ["set": JSONValue($0.key), "rules": .list($0.value.sorted(by: SetRule.inOrder))] }),
            "policies": .array(policies.sorted { $0.key < $1.key }.map { ["slot": JSONValue($0.key), "uid": .string($0.value)] }),
            "choices": .rows(choices, sortedBy: { ($0.interfaceIndex, $0.policy, $0.family) < ($1.interfaceIndex, $1.policy, $1.family) }) {
                ["interfaceIndex": JSONValue($0.interfaceIndex), "policy": JSONValue($0.policy), "family": .string($0.family.rawValue)]
            },
            "gateways": .rows(gateways) { ["address": .text($0)] },
            "nodes": .rows(nodes) { ["address": .text($0)] },
            "cluster": .list(cluster.map { InClusterRange($0.key, $0.value) }.sorted()),
            "entries": .rows(entries) { ["id": JSONValue($0)] },
            "egressAddresses": .rows(egressAddresses) { ["address": .text($0)] },
            "netfilter": netfilter.wire,
            "claimedAddresses": .list(claimedAddresses.sorted()),
        ]
    }
}

/// A record whose key stands beside its own members.
protocol WireRow {
    var columns: JSONObject { get }
}

extension JSONValue {
    static func rows<Key: Comparable>(_ table: [Key: some WireRow], key: (Key) -> JSONObject) -> JSONValue {
        rows(table, sortedBy: <, key: key)
    }

    static func rows<Key>(_ table: [Key: some WireRow], sortedBy areInOrder: (Key, Key) -> Bool, key: (Key) -> JSONObject) -> JSONValue {
        .array(
            table.sorted { areInOrder($0.key, $1.key) }.map { entry in
                .object(JSONObject((key(entry.key).members + entry.value.columns.members).map { ($0.key, $0.value) }))
            })
    }
}

extension JSONReader {
    func index(_ key: String) throws(JSONFieldError) -> Int { try required(key).integer(in: 0...Int(Int32.max)) }
    func number(_ key: String) throws(JSONFieldError) -> UInt32 { try required(key).integer(as: UInt32.self) }
}
