import EgressModel
import JSONText

extension ObjectChecker {
    /// `nil` when absent or wrong; `{}` selects everything.
    ///
    /// - Parameter stripsSource: whether `k8s:` and `any:` before a key mean the key alone, as in Cilium's selectors of pods.
    mutating func selector(_ reader: JSONReader?, stripsSource: Bool) -> LabelSelector? {
        guard let reader else { return nil }
        guard case .object = reader.value else {
            _ = read { () throws(JSONFieldError) in try reader.object() }
            return nil
        }
        warnOfUnknown(
            in: reader, known: ["matchLabels", "matchExpressions"],
            pasted: PastedField.inSelector)
        var selector = LabelSelector()
        if let labels = member("matchLabels", of: reader),
            let members = read({ () throws(JSONFieldError) in try labels.object() })
        {
            for (written, value) in members {
                guard let key = labelKey(written, path: value.path, stripsSource: stripsSource), let text = labelValue(value) else {
                    continue
                }
                if let other = selector.matchLabels.updateValue(text, forKey: key), other != text {
                    report(.error, .invalidSelector, value.path, "the label \(key) is asked for twice, as \"\(other)\" and as \"\(text)\"")
                }
            }
        }
        for expression in elements(member("matchExpressions", of: reader)) {
            if let requirement = requirement(expression, stripsSource: stripsSource) { selector.matchExpressions.append(requirement) }
        }
        return selector
    }

    private mutating func requirement(_ reader: JSONReader, stripsSource: Bool) -> LabelRequirement? {
        warnOfUnknown(in: reader, known: ["key", "operator", "values"])
        let keyReader = requiredMember("key", of: reader)
        let key = string(keyReader).flatMap { labelKey($0, path: reader.path.appending("key"), stripsSource: stripsSource) }
        guard case .object = reader.value else { return nil }
        let operation = labelOperation(requiredMember("operator", of: reader, hint: "one of \(Self.operatorNames)"))
        var values: [String] = []
        for value in elements(member("values", of: reader)) {
            if let text = labelValue(value) { values.append(text) }
        }
        guard let key, let operation else { return nil }
        switch operation {
        case .in, .notIn:
            guard reader.value["values"]?.arrayValue?.isEmpty ?? true else { break }
            report(
                .error, .invalidSelector, reader.path.appending("values"), "\(operation.rawValue) needs at least one value",
                hint: "to ask only whether the label is there, use Exists or DoesNotExist")
        case .exists, .doesNotExist:
            guard !values.isEmpty else { break }
            report(.error, .invalidSelector, reader.path.appending("values"), "\(operation.rawValue) takes no values")
        }
        return LabelRequirement(key: key, operation: operation, values: values)
    }

    private static let operatorNames = LabelRequirement.Operation.allCases.map(\.rawValue).joined(separator: ", ")

    /// Words that other products have for the operators.
    private static let otherOperators = [
        "notexists": "DoesNotExist", "notexist": "DoesNotExist", "equals": "In", "=": "In", "==": "In", "!=": "NotIn",
    ]

    private mutating func labelOperation(_ reader: JSONReader?) -> LabelRequirement.Operation? {
        guard let reader, let text = string(reader) else { return nil }
        guard let operation = LabelRequirement.Operation(rawValue: text) else {
            let guess =
                Self.otherOperators[text.lowercased()] ?? NearestName.of(text, among: LabelRequirement.Operation.allCases.map(\.rawValue))
            report(
                .error, .invalidSelector, reader.path, "\"\(text)\" is not an operator",
                hint: guess.map { "did you mean \($0)?" } ?? "one of \(Self.operatorNames)")
            return nil
        }
        return operation
    }

    private mutating func labelKey(_ written: String, path: JSONPath, stripsSource: Bool) -> String? {
        var key = written
        if stripsSource {
            for source in ["k8s:", "any:"] where key.hasPrefix(source) {
                key.removeFirst(source.count)
                break
            }
        }
        guard NameSyntax.isLabelKey(key) else {
            report(
                .error, .invalidSelector, path, "\"\(written)\" is not a label key",
                hint: "a key is NAME or PREFIX/NAME; a name has letters, digits, '-', '_' and '.', at most 63")
            return nil
        }
        return key
    }

    private mutating func labelValue(_ reader: JSONReader) -> String? {
        guard let text = string(reader) else { return nil }
        guard NameSyntax.isLabelValue(text) else {
            report(
                .error, .invalidSelector, reader.path, "\"\(text)\" is not a label value",
                hint: "letters, digits, '-', '_' and '.', at most 63, a letter or digit at both ends")
            return nil
        }
        return text
    }
}
