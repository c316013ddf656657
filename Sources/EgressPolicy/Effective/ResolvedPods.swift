import EgressModel

/// The pods of a cluster with what policies mean for them, by namespace, name and UID. A list in pieces: in a cluster of
/// 150,000 pods one that comes or goes moves a few hundred at most.
public struct ResolvedPods: Sendable, RandomAccessCollection, ExpressibleByArrayLiteral {
    var chunks: OrderedChunks<ResolvedPod>

    /// The order stays as it is given.
    public init(_ pods: some Sequence<ResolvedPod> = []) { chunks = OrderedChunks(pods) }

    public init(arrayLiteral elements: ResolvedPod...) { self.init(elements) }

    public var startIndex: Int { 0 }
    public var endIndex: Int { chunks.count }
    public subscript(position: Int) -> ResolvedPod { chunks[position] }

    public struct Iterator: IteratorProtocol {
        fileprivate let chunks: [[ResolvedPod]]
        fileprivate var chunk = 0
        fileprivate var offset = 0

        public mutating func next() -> ResolvedPod? {
            while chunk < chunks.count {
                if offset < chunks[chunk].count {
                    offset += 1
                    return chunks[chunk][offset - 1]
                }
                (chunk, offset) = (chunk + 1, 0)
            }
            return nil
        }
    }

    public func makeIterator() -> Iterator { Iterator(chunks: chunks.chunks) }

    /// Those that run on the node, in order. Looks at every pod, and copies only these.
    public func onNode(_ node: String) -> [ResolvedPod] {
        var found: [ResolvedPod] = []
        for chunk in chunks.chunks {
            for index in chunk.indices where chunk[index].pod.nodeName == node { found.append(chunk[index]) }
        }
        return found
    }
}

extension ResolvedPods: Hashable {
    public static func == (a: ResolvedPods, b: ResolvedPods) -> Bool { a.count == b.count && a.elementsEqual(b) }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for pod in self { hasher.combine(pod) }
    }
}

func podOrder(_ a: Pod, _ b: Pod) -> Bool {
    if a.namespace != b.namespace { return bytewise(a.namespace, b.namespace) }
    if a.name != b.name { return bytewise(a.name, b.name) }
    return bytewise(a.metadata.uid, b.metadata.uid)
}
