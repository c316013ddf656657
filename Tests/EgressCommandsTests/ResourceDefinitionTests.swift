import EgressModel
import JSONText
import KubeObjects
import Testing

/// The definitions in deploy/crds know every field that the agent writes and that a policy may have: an API server drops a
/// field that its schema doesn't name, without a word.
@Suite struct ResourceDefinitionTests {
    private func schema(_ file: String) throws -> JSONValue {
        let reading = KubeReading(try contents(projectFile("deploy/crds/\(file)")), file: file)
        let version = try #require(reading.documents.first?.json["spec"]?["versions"]?[0])
        return try #require(version["schema"]?["openAPIV3Schema"])
    }

    /// What is wrong with a value, by a small part of structural schemas.
    private func problems(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
        if value.isNull { return schema["nullable"] == true ? [] : ["\(path) is null"] }
        switch schema["type"]?.stringValue {
        case "object":
            guard let object = value.objectValue else { return ["\(path) is no object"] }
            let known = schema["properties"]?.objectValue
            let missing = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue).filter { object[$0] == nil }
            return missing.map { "\(path).\($0) is missing" }
                + object.members.flatMap { member -> [String] in
                    if let next = known?[member.key] ?? schema["additionalProperties"] {
                        return problems(member.value, next, at: "\(path).\(member.key)")
                    }
                    return known == nil ? [] : ["\(path).\(member.key) is unknown"]
                }
        case "array":
            guard let elements = value.arrayValue, let items = schema["items"] else { return ["\(path) is no list"] }
            return elements.enumerated().flatMap { problems($1, items, at: "\(path)[\($0)]") }
        case "string": return value.stringValue == nil ? ["\(path) is no string"] : []
        case "integer": return value.integerValue(as: Int64.self) == nil ? ["\(path) is no integer"] : []
        case "boolean": return value.boolValue == nil ? ["\(path) is no boolean"] : []
        default: return ["\(path) has no type in the schema"]
        }
    }

    @Test func `an EgressNode as the agent writes it fits`() throws {
        let schema = try schema("egressnodes.yaml")
        var node = try #require(fixture("cluster.yaml").egressNodes.first { $0.name == "node-2" })
        node.gateways = [GatewayReachability(node: "node-1", reachable: true)]
        #expect(problems(node.manifest, schema, at: "") == [])
        #expect(problems(EgressNode(metadata: ObjectMetadata(name: "new", uid: "")).manifest, schema, at: "") == [])
    }

    @Test func `a policy with every field fits`() throws {
        let text = """
            apiVersion: cilium.io/v2
            kind: CiliumEgressGatewayPolicy
            metadata: {name: whole}
            spec:
              selectors:
              - podSelector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d]}]}
                namespaceSelector: {matchExpressions: [{key: e, operator: Exists}]}
                nodeSelector: {}
              destinationCIDRs: [0.0.0.0/0, "::/0"]
              excludedCIDRs: [10.0.0.0/8]
              egressGateway: {nodeSelector: {matchLabels: {f: g}}, egressIP: 203.0.113.1}
              egressGateways: [{nodeSelector: {}, interface: eth0}]
            """
        let document = try #require(KubeReading(text, file: "x").documents.first)
        #expect(problems(document.json, try schema("ciliumegressgatewaypolicies.yaml"), at: "") == [])
    }

    @Test func `a field that the schema doesn't name is noticed`() throws {
        let json: JSONValue = ["metadata": [:], "status": ["reportedat": "x", "lastEntryID": "7"]]
        #expect(
            problems(json, try schema("egressnodes.yaml"), at: "") == [
                ".status.reportedat is unknown", ".status.lastEntryID is no integer",
            ])
    }

    @Test(arguments: ["egressnodes.yaml", "ciliumegressgatewaypolicies.yaml"])
    func `objects are printed with columns of their own, their age last`(file: String) throws {
        let reading = KubeReading(try contents(projectFile("deploy/crds/\(file)")), file: file)
        #expect(reading.isComplete)
        let columns = reading.documents.first?.json["spec"]?["versions"]?[0]?["additionalPrinterColumns"]?.arrayValue ?? []
        #expect(columns.last?["name"] == "Age")
        #expect(columns.count > 2)
    }
}
