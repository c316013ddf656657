public import EgressModel

/// What an operator says of the way that packets of a node's pods take.
public enum SteeringWord: String, Sendable, Hashable, CaseIterable {
    /// By what the node's netfilter shows.
    case auto
    case redirect
    case stack
}

extension SteeringFact {
    /// Stack, unless it is known that nothing in FORWARD would be passed by. An operator's word goes before what was found:
    /// the node's annotation before the helper's `--steering`, as it names one node.
    public init(annotation: SteeringWord?, flag: SteeringWord, forward: [ForwardPolicy]) {
        let found: SteeringFact =
            forward.min().map { SteeringFact(default: .stack, reason: $0.inWords) }
            ?? SteeringFact(default: .redirect, reason: "nothing on the node decides in FORWARD")
        self =
            annotation.flatMap { Self.said($0, "the node's annotation \(EgressAnnotation.steering)") }
            ?? Self.said(flag, "egress-helper --steering") ?? found
    }

    private static func said(_ word: SteeringWord, _ who: String) -> SteeringFact? {
        Steering(rawValue: word.rawValue).map { SteeringFact(default: $0, reason: "\(who) says so") }
    }
}

/// What `egress-helper run` was told of steering.
public struct SteeringSettings: Sendable, Hashable {
    /// Where the node's annotation says nothing.
    public var word: SteeringWord
    /// By which the stack is told to lead packets to the tunnel device.
    public var mark: UInt32

    public init(word: SteeringWord = .auto, mark: UInt32 = SteeringMark.standard) {
        self.word = word
        self.mark = mark
    }
}

/// The packet mark by which the stack is told to route to the tunnel device.
public enum SteeringMark {
    /// One bit that kube-proxy (0xc000), Calico (0xffff0000), Cilium (0x0f00) and AWS VPC CNI (0x80) leave alone.
    public static let standard: UInt32 = 0x1000
}
