public import EgressModel
import JSONText

/// A document as a model value.
public enum KubeObject: Sendable, Hashable {
    case node(Node)
    case namespace(Namespace)
    case pod(Pod)
    case service(Service)
    case policy(PolicyObject)
    case egressNode(EgressNode)
    /// Says something about the cluster itself, such as its ranges. What of it can't be understood is in the findings alone.
    case configuration(ConfigurationFacts)
    /// Says which pod traffic leaves from.
    case mesh(MeshObject)
    /// Says which connections pods may make. A policy carries its findings itself.
    case connections(NetworkPolicyFacts)
    /// Of a kind that egress doesn't depend on.
    case other
    /// Of a kind that matters, but it can't be understood; the findings say why.
    case unreadable
}

extension KubeDocument {
    /// Reads the document as what its kind says. A policy's findings are also inside the policy.
    public func decoded() -> (object: KubeObject, findings: [Finding]) {
        var checker = ObjectChecker(self)
        if let source = ConfigurationSource(of: self) {
            let facts = checker.configuration(source)
            return (.configuration(facts), checker.findings)
        }
        if let source = MeshSource(apiVersion: apiVersion, kind: kind) { return (.mesh(meshObject(source)), []) }
        if let connections = ConnectionDocument(of: self) {
            let facts = checker.connectionFacts(connections)
            return (.connections(facts), checker.findings)
        }
        switch KnownKind.recognize(apiVersion: apiVersion, kind: kind) {
        case .foreign:
            return (.other, [])
        case .mistaken(let known, let message, let hint):
            checker.report(.error, .unknownKind, JSONPath([.key(known.rawValue == kind ? "apiVersion" : "kind")]), message, hint: hint)
            guard known == .policy, kind == known.rawValue else { return (.unreadable, checker.findings) }
            // A policy that was in force before the version was mistyped stays known by its name, as rejected; its fields are
            // checked all the same, so that everything wrong is said at once.
            let policy = checker.policy()
            return (.policy(policy), checker.findings)
        case .known(let known):
            let object = checker.object(of: known)
            return (object, checker.findings)
        }
    }
}

extension ObjectChecker {
    fileprivate mutating func object(of kind: KnownKind) -> KubeObject {
        switch kind {
        case .node: node().map(KubeObject.node) ?? .unreadable
        case .namespace: namespace().map(KubeObject.namespace) ?? .unreadable
        case .pod: pod().map(KubeObject.pod) ?? .unreadable
        case .service: service().map(KubeObject.service) ?? .unreadable
        case .egressNode: egressNode().map(KubeObject.egressNode) ?? .unreadable
        case .policy: .policy(policy())
        }
    }
}
