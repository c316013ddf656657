import EgressModel
import JSONText

/// What our annotations on a policy say.
struct PolicyAnnotations {
    var strategy: StrategyReference?
    var priority = 0
    var onNoGateway = OnNoGateway.drop
}

extension ObjectChecker {
    mutating func policyAnnotations(_ annotations: [String: String]) -> PolicyAnnotations {
        warnOfUnknownAnnotations(annotations)
        var result = PolicyAnnotations()
        result.strategy = strategy(annotations)
        if let text = annotations[EgressAnnotation.priority] {
            if let priority = Int32(text) {
                result.priority = Int(priority)
            } else {
                let isNumber = text.wholeMatch(of: /[-+]?[0-9]+/) != nil
                reportAnnotation(
                    EgressAnnotation.priority,
                    isNumber ? "\"\(text)\" is out of range: \(Int32.min) to \(Int32.max)" : "\"\(text)\" is not an integer",
                    hint: "such as \"10\"; higher wins, the default is 0")
            }
        }
        if let text = annotations[EgressAnnotation.onNoGateway] {
            if let choice = OnNoGateway(rawValue: text) {
                result.onNoGateway = choice
            } else {
                reportAnnotation(
                    EgressAnnotation.onNoGateway, "\"\(text)\" is not known",
                    hint: NearestName.of(text, among: OnNoGateway.allCases.map(\.rawValue)).map { "did you mean \($0)?" }
                        ?? "drop (the default) or bypass")
            }
        }
        return result
    }

    private mutating func strategy(_ annotations: [String: String]) -> StrategyReference? {
        let configuration = annotations[EgressAnnotation.strategyConfiguration]
        if let configuration { checkConfiguration(configuration) }
        guard let name = annotations[EgressAnnotation.strategy] else {
            if configuration != nil {
                report(
                    .warning, .invalidAnnotation, Self.path(EgressAnnotation.strategyConfiguration), "has no effect without a strategy",
                    hint: "name the strategy by \(EgressAnnotation.strategy)", atKey: true)
            }
            return nil
        }
        guard NameSyntax.isSubdomain(name), name.utf8.count <= 63 else {
            reportAnnotation(
                EgressAnnotation.strategy, "\"\(name)\" is not the name of a strategy", hint: "lower-case letters, digits, '-', at most 63")
            return nil
        }
        return StrategyReference(name: name, configuration: configuration ?? "{}")
    }

    private mutating func checkConfiguration(_ text: String) {
        do throws(JSONError) {
            let value = try JSONValue(parsing: text)
            guard case .object = value else {
                return reportAnnotation(EgressAnnotation.strategyConfiguration, "must be a JSON object, not \(value.kindName)")
            }
        } catch {
            reportAnnotation(
                EgressAnnotation.strategyConfiguration, "not JSON: \(error)", hint: "a JSON object, such as {\"key\": \"value\"}")
        }
    }

    private mutating func warnOfUnknownAnnotations(_ annotations: [String: String]) {
        let known = [
            EgressAnnotation.strategy, EgressAnnotation.strategyConfiguration, EgressAnnotation.priority, EgressAnnotation.onNoGateway,
        ]
        for key in annotations.keys.sorted() where key.hasPrefix(EgressAnnotation.prefix) && !known.contains(key) {
            let hint =
                key == EgressAnnotation.drain
                ? "it belongs on a Node"
                : NearestName.of(key, among: known).map { "did you mean \($0)?" } ?? "known: \(known.joined(separator: ", "))"
            report(.warning, .unknownField, Self.path(key), "unknown annotation, it has no effect", hint: hint, atKey: true)
        }
    }

    private mutating func reportAnnotation(_ key: String, _ message: String, hint: String? = nil) {
        report(.error, .invalidAnnotation, Self.path(key), message, hint: hint)
    }

    private static func path(_ annotation: String) -> JSONPath {
        JSONPath([.key("metadata"), .key("annotations"), .key(annotation)])
    }
}
