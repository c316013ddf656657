/// What `-o` may say.
enum OutputFormat: String, CaseIterable, Sendable {
    /// Without `-o`.
    case table
    case wide
    case json
    case yaml
    case name
    case cilium

    /// Reads `-o`; `allowed` are the command's own formats.
    init(_ text: String?, allowed: [OutputFormat]) throws(CommandError) {
        guard let text, !text.isEmpty else {
            self = .table
            return
        }
        guard let format = OutputFormat(rawValue: text), format != .table, allowed.contains(format) else {
            let names = allowed.filter { $0 != .table }.map(\.rawValue).joined(separator: ",")
            throw CommandError(
                "unable to match a printer suitable for the output format \"\(plainText(text))\", allowed formats are: \(names)")
        }
        self = format
    }

    /// Whether findings are part of what stands on standard output.
    var carriesFindings: Bool {
        switch self {
        case .table, .wide, .json, .yaml: true
        case .name, .cilium: false
        }
    }
}
