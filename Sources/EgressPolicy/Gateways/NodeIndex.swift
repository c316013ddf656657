import EgressModel

/// Nodes by bytewise name, and by the labels that gateway selectors ask for: with thousands of nodes and hundreds of
/// policies, comparing each with each would take longer than everything else.
struct NodeIndex: Sendable {
    /// Each name once.
    let nodes: [Node]
    /// Positions of nodes by label and value, for labels that some selector demands.
    private var labelled: [String: [String: [Int]]] = [:]
    private let positions: [String: Int]

    /// `selectors` are those that will be asked; others work too, only slower.
    init(_ nodes: [Node], for selectors: some Sequence<LabelSelector>) {
        self.nodes = Self.inOrder(nodes)
        positions = Dictionary(self.nodes.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        for selector in selectors { prepare(for: selector) }
    }

    /// Makes the selector quick to ask.
    mutating func prepare(for selector: LabelSelector) {
        guard let key = Self.anchor(selector)?.key, labelled[key] == nil else { return }
        var byValue: [String: [Int]] = [:]
        for (index, node) in nodes.enumerated() {
            if let value = node.metadata.labels[key] { byValue[value, default: []].append(index) }
        }
        labelled[key] = byValue
    }

    subscript(name: String) -> Node? { positions[name].map { nodes[$0] } }

    /// Nodes that match, by bytewise name.
    func matching(_ selector: LabelSelector) -> [Node] {
        guard let anchor = Self.anchor(selector), let byValue = labelled[anchor.key] else {
            return nodes.filter { selector.matches($0.metadata.labels) }
        }
        return byValue[anchor.value, default: []].map { nodes[$0] }.filter { selector.matches($0.metadata.labels) }
    }

    /// A label and value that every match has.
    private static func anchor(_ selector: LabelSelector) -> (key: String, value: String)? {
        if let first = selector.matchLabels.min(by: { $0.key < $1.key }) { return (first.key, first.value) }
        guard let one = selector.matchExpressions.first(where: { $0.operation == .in && $0.values.count == 1 }) else { return nil }
        return one.values.first.map { (one.key, $0) }
    }

    /// Stores mostly hand them over in order already.
    private static func inOrder(_ nodes: [Node]) -> [Node] {
        if zip(nodes, nodes.dropFirst()).allSatisfy({ bytewise($0.name, $1.name) }) { return nodes }
        var names: Set<String> = []
        return nodes.sorted { bytewise($0.name, $1.name) }.filter { names.insert($0.name).inserted }
    }
}
