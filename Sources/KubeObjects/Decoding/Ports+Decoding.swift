import EgressModel
import JSONText

/// What of a pod's containers matters for where its packets go. Nothing here is a reason to refuse a pod: what can't be
/// understood is left out.
struct PodContainers {
    private(set) var ports: [PodPort] = []
    private(set) var sidecar: MeshSidecar?

    init(_ spec: JSONValue?) {
        let inits = spec?["initContainers"]?.arrayValue ?? []
        // A native sidecar is an init container that goes on (KEP-753).
        let sidecars = inits.filter { $0["restartPolicy"]?.stringValue == "Always" }
        for container in (spec?["containers"]?.arrayValue ?? []) + sidecars {
            if let name = container["name"]?.stringValue, let mesh = MeshSidecar.allCases.first(where: { $0.containerName == name }) {
                sidecar = sidecar ?? mesh
            }
            for port in container["ports"]?.arrayValue ?? [] {
                guard let name = port["name"]?.stringValue, let number = UInt16(port["containerPort"]) else { continue }
                ports.append(PodPort(name: name, number: number, transport: Transport.name(port["protocol"])))
            }
        }
    }
}

extension ServicePort {
    init?(_ json: JSONValue) {
        guard let number = UInt16(json["port"]) else { return nil }
        let target: Target? =
            if let number = UInt16(json["targetPort"]) { .number(number) } else { json["targetPort"]?.stringValue.map { .name($0) } }
        self.init(name: json["name"]?.stringValue, number: number, transport: Transport.name(json["protocol"]), target: target)
    }
}

private enum Transport {
    /// In small letters; TCP where it isn't said.
    static func name(_ json: JSONValue?) -> String { json?.stringValue?.lowercased() ?? "tcp" }
}

extension UInt16 {
    /// A port's number as JSON has it.
    init?(_ json: JSONValue?) {
        guard let number = json?.integerValue(as: UInt16.self), number > 0 else { return nil }
        self = number
    }
}
