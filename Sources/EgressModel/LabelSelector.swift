public typealias Labels = [String: String]

/// A Kubernetes label selector: all requirements must hold. Without requirements it selects everything.
public struct LabelSelector: Sendable, Hashable {
    public var matchLabels: Labels
    public var matchExpressions: [LabelRequirement]

    public init(matchLabels: Labels = [:], matchExpressions: [LabelRequirement] = []) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }

    public var selectsEverything: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }

    /// Every requirement, `matchLabels` first (by key), then the expressions in their order.
    public var requirements: [LabelRequirement] {
        matchLabels.sorted { $0.key < $1.key }.map { LabelRequirement(key: $0.key, operation: .in, values: [$0.value]) }
            + matchExpressions
    }

    public func matches(_ labels: Labels) -> Bool {
        matchLabels.allSatisfy { labels[$0.key] == $0.value } && matchExpressions.allSatisfy { $0.matches(labels) }
    }

    /// The first requirement that the labels don't meet; `nil` when the selector matches.
    public func firstUnmet(by labels: Labels) -> LabelRequirement? {
        requirements.first { !$0.matches(labels) }
    }
}

/// One requirement of a selector: `key in (a,b)`, `key notin (a)`, `key`, `!key`.
public struct LabelRequirement: Sendable, Hashable {
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        case `in` = "In"
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    public let key: String
    public let operation: Operation
    public let values: [String]

    public init(key: String, operation: Operation, values: [String] = []) {
        self.key = key
        self.operation = operation
        self.values = values
    }

    /// `NotIn` and `DoesNotExist` hold when the key is absent, as in Kubernetes.
    public func matches(_ labels: Labels) -> Bool { matches(value: labels[key]) }

    /// Whether the requirement holds of the key's value; `nil`: the key is absent.
    public func matches(value: String?) -> Bool {
        switch (operation, value) {
        case (.in, let value?): values.contains(value)
        case (.in, nil): false
        case (.notIn, let value?): !values.contains(value)
        case (.notIn, nil): true
        case (.exists, let value): value != nil
        case (.doesNotExist, let value): value == nil
        }
    }
}

extension LabelRequirement: CustomStringConvertible {
    /// kubectl's spelling: `class=mediabot`, `class in (a,b)`, `class notin (a)`, `class`, `!class`.
    public var description: String {
        switch operation {
        case .in where values.count == 1: "\(key)=\(values[0])"
        case .in: "\(key) in (\(values.joined(separator: ",")))"
        case .notIn: "\(key) notin (\(values.joined(separator: ",")))"
        case .exists: key
        case .doesNotExist: "!\(key)"
        }
    }
}

extension LabelSelector: CustomStringConvertible {
    public var description: String {
        selectsEverything ? "{}" : requirements.map(\.description).joined(separator: ",")
    }
}
