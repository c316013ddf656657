import EgressModel

extension EgressGatewayPolicy {
    /// Whether this policy wins an equal prefix: higher priority, then older, then by name.
    func precedes(_ other: EgressGatewayPolicy) -> Bool {
        if priority != other.priority { return priority > other.priority }
        if metadata.creationTimestamp != other.metadata.creationTimestamp {
            guard let mine = metadata.creationTimestamp else { return false }
            return other.metadata.creationTimestamp.map { mine < $0 } ?? true
        }
        if name != other.name { return bytewise(name, other.name) }
        return bytewise(metadata.uid, other.metadata.uid)
    }

    /// What made this policy win against `other`, for a sentence.
    func advantage(over other: EgressGatewayPolicy) -> String {
        if priority != other.priority { return "higher priority: \(priority) over \(other.priority)" }
        if metadata.creationTimestamp != other.metadata.creationTimestamp { return "older" }
        return "first by name, as priority and age are equal"
    }
}
