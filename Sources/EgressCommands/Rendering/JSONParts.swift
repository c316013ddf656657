import EgressModel
import JSONText

/// Pieces of the machine output that several commands share. Absent is `null`, never missing.
extension JSONValue {
    init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
    init(_ address: IPAddress?) { self.init(address?.description) }
    init(_ code: ReasonCode) { self = .string(code.rawValue) }
    init(_ object: ObjectReference?) { self.init(object?.description) }

    init(_ finding: Finding) {
        self = [
            "severity": .string(finding.severity.rawValue), "code": JSONValue(finding.code), "object": JSONValue(finding.object),
            "field": JSONValue(finding.field), "message": .string(finding.message), "hint": JSONValue(finding.hint),
        ]
    }

    init(findings: [Finding]) { self = .array(findings.sorted().map { JSONValue($0) }) }

    init(addresses: [IPAddress]) { self = .array(addresses.sorted().map { JSONValue($0) }) }

    init(pod: Pod) {
        self = ["namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.metadata.uid)]
    }
}
