import ArgumentParser

/// What `-o` may say.
enum OutputFormat: Sendable, Hashable {
    /// Without `-o`.
    case table
    case wide
    case json
    case yaml
    case name
    case cilium
    /// One page for a browser, with everything in it.
    case html
    // Of `lint`, for pipelines.
    case junit
    case sarif
    case github
    case jsonPath(JSONPathTemplate)
    case customColumns(CustomColumns)

    /// The words of `-o` that a command chooses from. Templates go with `json`: they are made from the same object.
    enum Word: String, CaseIterable, Sendable {
        case json
        case yaml
        case wide
        case name
        case cilium
        case html
        case junit
        case sarif
        case github

        fileprivate var format: OutputFormat {
            switch self {
            case .json: .json
            case .yaml: .yaml
            case .wide: .wide
            case .name: .name
            case .cilium: .cilium
            case .html: .html
            case .junit: .junit
            case .sarif: .sarif
            case .github: .github
            }
        }
    }

    /// Reads `-o`; `allowed` are the command's own formats.
    ///
    /// - Parameter templates: false where JSON is written as it comes, and there is no one object to fill a template from.
    init(_ text: String?, allowed: [Word], templates: Bool = true) throws(CommandError) {
        guard let text, !text.isEmpty else {
            self = .table
            return
        }
        let hasTemplates = templates && allowed.contains(.json)
        if let word = Word(rawValue: text), allowed.contains(word) {
            self = word.format
        } else if hasTemplates, let template = Self.value(of: "jsonpath", in: text) {
            self = .jsonPath(try JSONPathTemplate(template))
        } else if hasTemplates, let columns = Self.value(of: "custom-columns", in: text) {
            self = .customColumns(try CustomColumns(columns))
        } else {
            let names = Self.words(allowed, templates: hasTemplates).sorted().joined(separator: ",")
            throw CommandError(
                "unable to match a printer suitable for the output format \"\(plainText(text))\", allowed formats are: \(names)")
        }
    }

    private static func value(of format: String, in text: String) -> String? {
        if text == format { return "" }
        return text.hasPrefix(format + "=") ? String(text.dropFirst(format.count + 1)) : nil
    }

    private static func words(_ allowed: [Word], templates: Bool) -> [String] {
        Word.allCases.filter(allowed.contains).map(\.rawValue)
            + (templates && allowed.contains(.json) ? ["jsonpath", "custom-columns"] : [])
    }

    /// For the `-o` of a command with these formats.
    static func help(_ allowed: Word..., templates: Bool = true) -> ArgumentHelp {
        let names = words(allowed, templates: templates)
        return ArgumentHelp(
            "Output format: \(names.dropLast().joined(separator: ", "))\(names.count > 1 ? " or " : "")\(names.last ?? "").")
    }

    static func completion(_ allowed: Word..., templates: Bool = true) -> CompletionKind {
        .list(words(allowed, templates: templates).map { $0.contains("-") || $0 == "jsonpath" ? $0 + "=" : $0 })
    }

    /// Whether findings are part of what stands on standard output.
    var carriesFindings: Bool {
        switch self {
        case .table, .wide, .json, .yaml, .html, .junit, .sarif, .github: true
        case .name, .cilium, .jsonPath, .customColumns: false
        }
    }
}
