/// Who leaves through what by which address, as a picture has it: pods by namespace, then policies, gateways, addresses.
///
/// It doesn't grow with the pods: those of one namespace that one policy takes are one edge with a number.
public struct EgressGraph: Sendable, Hashable {
    public enum Column: Int, Sendable, Hashable, CaseIterable, Comparable {
        case namespaces
        case policies
        case gateways
        case addresses

        public static func < (a: Column, b: Column) -> Bool { a.rawValue < b.rawValue }
    }

    /// What is drawn as a box.
    public struct Box: Sendable, Hashable {
        public enum State: String, Sendable, Hashable, CaseIterable, Comparable {
            case good
            /// Nobody has said so, or it couldn't be read.
            case unknown
            /// Works, and a finding says what isn't as it should be.
            case warning
            /// Packets are dropped here.
            case dropped

            /// The better first.
            public static func < (a: State, b: State) -> Bool { a.rank < b.rank }

            private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
        }

        /// Unique in the graph, the same for the same thing in every graph: `policy/egress-sample`.
        public var id: String
        public var column: Column
        public var title: String
        /// Lines below the title, the most important first.
        public var details: [String]
        public var state: State

        public init(id: String, column: Column, title: String, details: [String] = [], state: State = .good) {
            self.id = id
            self.column = column
            self.title = title
            self.details = details
            self.state = state
        }
    }

    /// Pods that go from one box to another.
    public struct Edge: Sendable, Hashable {
        public var from: String
        public var to: String
        /// By which they go this way; a gateway and an address may have an edge for each of several.
        public var policy: String
        public var pods: Int
        /// The worst of what happens to a packet of one of them.
        public var state: Box.State

        public init(from: String, to: String, policy: String, pods: Int, state: Box.State) {
            self.from = from
            self.to = to
            self.policy = policy
            self.pods = pods
            self.state = state
        }
    }

    /// By column, then title.
    public var boxes: [Box]
    /// By the order of their boxes.
    public var edges: [Edge]

    public init(boxes: [Box], edges: [Edge]) {
        self.boxes = boxes
        self.edges = edges
    }

    public func boxes(in column: Column) -> [Box] { boxes.filter { $0.column == column } }
}
