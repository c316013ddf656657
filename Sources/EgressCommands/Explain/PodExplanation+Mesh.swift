import EgressModel
import EgressPolicy
import JSONText

extension PodExplanation {
    /// With the pods that a mesh sends the connection to.
    init(_ explanation: Explanation, to destination: ResolvedDestination?, in effective: EffectivePolicy) {
        let steering = effective.egressNodes.first { $0.name == explanation.pod.nodeName }?.steering?.default
        self.init(explanation: explanation, destination: destination, steering: steering)
        via = (explanation.via?.pods ?? []).map { pod in
            let onward = explanation.via?.destination.map { next in
                ResolvedDestination(address: next.address, port: next.port, transport: next.transport, name: destination?.name)
            }
            return PodExplanation(pod, to: onward, in: effective)
        }
    }

    /// `null` where the pod itself opens the connection that leaves.
    var viaJSON: JSONValue {
        guard let hop = explanation.via else { return .null }
        return ["object": .string(hop.object.description), "pods": .array(via.map(\.json))]
    }

    var remarksJSON: JSONValue {
        .array(explanation.remarks.map { ["code": JSONValue($0.code), "text": .string($0.text)] })
    }

    func remarkLines(_ layout: TextLayout) -> [String] {
        explanation.remarks.flatMap { wrapped("\($0.text) [\($0.code)]", first: "MESH      ", width: layout.proseWidth) }
    }

    /// Gateway pods that are explained whole without `-o wide`; the verdict speaks of all.
    private static let fewPods = 2

    func viaText(_ layout: TextLayout) -> [String] {
        let shown = layout.isWide ? via[...] : via.prefix(Self.fewPods)
        let rest = via.count - shown.count
        let more = rest > 0 ? ["… and \(counted(rest, "more pod", "more pods")) of the gateway (-o wide)\n"] : []
        return shown.map { "THROUGH\n" + $0.text(layout) } + more
    }
}

extension ResolvedDestination {
    /// As the engine takes it.
    var asked: Destination { Destination(address: address, port: port, transport: transport) }
}
