import EgressModel
import JSONText
import KubeObjects

/// An object of a collection, decoded to what is kept of it.
struct DecodedItem: Sendable {
    enum Content: Sendable {
        case node(Node)
        case namespace(Namespace)
        case pod(Pod)
        case service(Service)
        case policy(PolicyObject)
        case egressNode(EgressNode)
        /// When the Lease was renewed, to the second.
        case lease(renewed: String)
        case configuration(ConfigurationFacts)
        case mesh(MeshObject)
        /// It matters, but can't be understood.
        case unreadable
    }

    var key: ObjectKey
    var content: Content
    var findings: [Finding]
}

/// Turns objects as the API server sends them into what is kept.
struct ItemDecoder {
    /// What findings call the place that an object comes from.
    let source: String
    /// For a list: its objects have much in common.
    private var strings: SharedStrings?

    init(source: String, sharesStrings: Bool = false) {
        self.source = source
        strings = sharesStrings ? SharedStrings() : nil
    }

    /// `nil` for what isn't an object, or is none of ours.
    ///
    /// - Parameters:
    ///   - apiVersion: of the list, where the items leave it out.
    ///   - kind: likewise.
    mutating func item(_ object: JSONValue, in slot: ClusterSlot, apiVersion: String? = nil, kind: String? = nil) -> DecodedItem? {
        guard let document = KubeDocument(object: object, source: source, apiVersion: apiVersion, kind: kind) else { return nil }
        let key = ObjectKey(namespace: shared(document.reference.namespace), name: document.reference.name)
        switch slot {
        case .leases:
            guard let renewed = object["spec"]?["renewTime"]?.stringValue.flatMap(Timestamp.wholeSeconds) else { return nil }
            return DecodedItem(key: key, content: .lease(renewed: renewed), findings: [])
        default:
            let (decoded, findings) = document.decoded()
            guard let content = content(decoded) else { return nil }
            return DecodedItem(key: key, content: content, findings: findings)
        }
    }

    /// The key alone, for an object that went away.
    static func key(of object: JSONValue) -> ObjectKey? {
        guard let name = object["metadata"]?["name"]?.stringValue else { return nil }
        return ObjectKey(namespace: object["metadata"]?["namespace"]?.stringValue, name: name)
    }

    /// What the engine never reads is dropped: of pods there may be very many.
    private mutating func content(_ object: KubeObject) -> DecodedItem.Content? {
        switch object {
        case .node(let node): return .node(node)
        case .namespace(var namespace):
            namespace.metadata.annotations = [:]
            return .namespace(namespace)
        case .pod(var pod):
            pod.metadata = kept(pod.metadata)
            if let labels = strings?.shared(pod.metadata.labels) { pod.metadata.labels = labels }
            pod.nodeName = shared(pod.nodeName)
            return .pod(pod)
        case .service(var service):
            service.metadata = kept(service.metadata)
            // By this one cluster DNS is known.
            service.metadata.labels = service.metadata.labels.filter { $0.key == "k8s-app" }
            return .service(service)
        case .policy(var policy):
            policy.metadata.annotations = EgressAnnotation.kept(of: policy.metadata.annotations)
            if var valid = policy.policy {
                valid.metadata = policy.metadata
                policy.policy = valid
            }
            return .policy(policy)
        case .egressNode(var node):
            node.metadata.annotations = [:]
            return .egressNode(node)
        case .configuration(let facts): return .configuration(facts)
        case .mesh(let object): return .mesh(object)
        case .unreadable: return .unreadable
        case .other, .connections: return nil
        }
    }

    private mutating func shared(_ text: String?) -> String? { text.map { strings?.shared($0) ?? $0 } }

    private mutating func kept(_ metadata: ObjectMetadata) -> ObjectMetadata {
        ObjectMetadata(
            name: metadata.name, namespace: shared(metadata.namespace), uid: metadata.uid, labels: metadata.labels,
            annotations: metadata.annotations.isEmpty ? [:] : metadata.annotations.filter { $0.key.hasPrefix(MeshSidecar.annotationPrefix) }
        )
    }
}

extension EgressAnnotation {
    /// Ours alone: `kubectl.kubernetes.io/last-applied-configuration` may be as large as the object.
    static func kept(of annotations: [String: String]) -> [String: String] { annotations.filter { $0.key.hasPrefix(prefix) } }
}

/// One copy of each text and each set of labels that many pods have. It lives as long as one list, no longer.
struct SharedStrings {
    private var strings: Set<String> = []
    private var labels: Set<Labels> = []

    mutating func shared(_ text: String) -> String { strings.insert(text).memberAfterInsert }

    mutating func shared(_ map: Labels) -> Labels {
        if let index = labels.firstIndex(of: map) { return labels[index] }
        let copy = Labels(uniqueKeysWithValues: map.map { (shared($0), shared($1)) })
        labels.insert(copy)
        return copy
    }
}
