import EgressModel

/// What a conjunction of requirements leaves for the value of one label.
struct LabelConstraint: Sendable, Equatable {
    /// `nil`: any value. Values of `In` that `NotIn` takes away again aren't in it.
    private(set) var allowed: Set<String>?
    private(set) var forbidden: Set<String> = []
    private(set) var mustExist = false
    private(set) var mustNotExist = false

    mutating func add(_ requirement: LabelRequirement) {
        switch requirement.operation {
        case .in: restrict(to: Set(requirement.values))
        case .notIn: forbid(Set(requirement.values))
        case .exists: mustExist = true
        case .doesNotExist: mustNotExist = true
        }
    }

    mutating func add(_ other: LabelConstraint) {
        if let values = other.allowed { restrict(to: values) }
        forbid(other.forbidden)
        mustExist = mustExist || other.mustExist
        mustNotExist = mustNotExist || other.mustNotExist
    }

    private mutating func restrict(to values: Set<String>) {
        allowed = (allowed?.intersection(values) ?? values).subtracting(forbidden)
        mustExist = true
    }

    private mutating func forbid(_ values: Set<String>) {
        forbidden.formUnion(values)
        allowed?.subtract(values)
    }

    /// Whether some value, or having no such label, meets it.
    var canBeMet: Bool { !(mustExist && mustNotExist) && allowed?.isEmpty != true }

    /// Whether everything that meets this meets the other too. For one that can be met.
    func implies(_ other: LabelConstraint) -> Bool {
        if other.mustExist, !mustExist { return false }
        if other.mustNotExist, !mustNotExist { return false }
        if let theirs = other.allowed {
            guard let mine = allowed, mine.isSubset(of: theirs) else { return false }
        }
        return mustNotExist || other.forbidden.allSatisfy(isForbidden)
    }

    private func isForbidden(_ value: String) -> Bool { forbidden.contains(value) || allowed?.contains(value) == false }
}

/// All that one entry of `selectors` asks of a pod, its namespace and its node, label by label.
struct RuleConstraints: Sendable {
    private struct Subject: Hashable, Comparable {
        enum Kind: String { case pod, namespace, node }

        var kind: Kind
        var key: String

        static func < (a: Subject, b: Subject) -> Bool { (a.kind.rawValue, a.key) < (b.kind.rawValue, b.key) }
    }

    private var labels: [Subject: LabelConstraint] = [:]

    init(_ rule: EgressSelector) {
        for requirement in rule.podSelector?.requirements ?? [] {
            let key = PodSelectorTerms.plainKey(requirement.key)
            // The name of the pod's namespace: every namespace has it as a label too.
            let isNamespace = key == PodSelectorTerms.namespaceKey
            let subject = isNamespace ? Subject(kind: .namespace, key: Self.nameLabel) : Subject(kind: .pod, key: key)
            labels[subject, default: LabelConstraint()].add(requirement)
        }
        for requirement in rule.namespaceSelector?.requirements ?? [] {
            labels[Subject(kind: .namespace, key: requirement.key), default: LabelConstraint()].add(requirement)
        }
        for requirement in rule.nodeSelector?.requirements ?? [] {
            labels[Subject(kind: .node, key: requirement.key), default: LabelConstraint()].add(requirement)
        }
    }

    private static let nameLabel = "kubernetes.io/metadata.name"

    /// What contradicts itself, as "the pod's label app"; the first by name. `nil`: some pod could meet it.
    var contradiction: String? {
        labels.filter { !$0.value.canBeMet }.min { $0.key < $1.key }.map { subject, _ in
            subject.key == Self.nameLabel && subject.kind == .namespace
                ? "the namespace's name" : "the \(subject.kind.rawValue)'s label \(subject.key)"
        }
    }

    var asksNothing: Bool { labels.isEmpty }

    /// Whether one pod could meet both.
    func canMeet(with other: RuleConstraints) -> Bool {
        var both = self
        for (subject, constraint) in other.labels { both.labels[subject, default: LabelConstraint()].add(constraint) }
        return both.contradiction == nil
    }

    /// Whether every pod that meets this meets the other.
    func implies(_ other: RuleConstraints) -> Bool {
        other.labels.allSatisfy { (labels[$0.key] ?? LabelConstraint()).implies($0.value) }
    }
}
