import EgressModel
import KubeObjects

extension LabelEdit {
    /// Reads `label=value`, or `label-` to take it off, as `kubectl label` does.
    init(argument text: String) throws(CommandError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, let key = parts.first, let value = parts.last {
            try Self.check(key: key, of: text)
            guard LabelSyntax.isValue(value) else {
                throw CommandError(
                    "--what-if \(plainText(text)): \"\(plainText(value))\" is no label's value",
                    hints: ["at most 63 of letters, digits, '-', '_' and '.', a letter or digit at both ends"])
            }
            self.init(key: key, value: value)
        } else if text.hasSuffix("-") {
            try Self.check(key: String(text.dropLast()), of: text)
            self.init(key: String(text.dropLast()), value: nil)
        } else {
            throw CommandError(
                "--what-if \(plainText(text)): a label is expected",
                hints: ["label=value puts it on the pod, label- takes it off"])
        }
    }

    private static func check(key: String, of text: String) throws(CommandError) {
        guard LabelSyntax.isKey(key) else {
            throw CommandError(
                "--what-if \(plainText(text)): \"\(plainText(key))\" is no label's key",
                hints: ["[prefix/]name, such as app.kubernetes.io/name"])
        }
    }

    /// As a user writes it.
    var text: String { value.map { "\(key)=\($0)" } ?? "\(key)-" }
}
