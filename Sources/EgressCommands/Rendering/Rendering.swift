import EgressModel
import JSONText
import KubeObjects

/// What a command found out, in every form that `-o` may ask for.
protocol CommandResult: Sendable {
    /// The contract's object.
    var json: JSONValue { get }
    /// `kind/name` lines of `-o name`.
    var names: [String] { get }
    /// Of `-o cilium`; `null` where a command has no such form.
    var cilium: JSONValue { get }
    /// Of `-o html`; empty where a command has no such form.
    var html: String { get }
    /// What `-o custom-columns` has a line for each of.
    var rows: [JSONValue] { get }
    /// Of `-o junit`; empty where a command has no such form, as with the two below.
    var junitText: String { get }
    /// Of `-o sarif`.
    var sarif: JSONValue { get }
    /// Of `-o github`.
    var githubText: String { get }
    /// Shown on standard error where the format has no room for them.
    var findings: [Finding] { get }

    /// Lines for a person, each ended by a newline.
    func text(_ layout: TextLayout) -> String
}

/// How text for a person is laid out.
struct TextLayout: Sendable {
    var isWide = false
    /// `-A`: NAMESPACE is the first column.
    var showsNamespaces = false
    /// Columns of the terminal; `nil` in a pipe, where nothing is cut.
    var width: Int?

    /// Where prose breaks.
    var proseWidth: Int { min(width ?? 80, 80) }
}

extension CommandResult {
    var cilium: JSONValue { .null }
    var html: String { "" }
    var rows: [JSONValue] { [json] }
    var junitText: String { "" }
    var sarif: JSONValue { .null }
    var githubText: String { "" }
}

extension CommandEnvironment {
    /// The one door to standard output: every format of every command.
    func render(_ result: some CommandResult, as format: OutputFormat, showsNamespaces: Bool = false) throws(CommandError) {
        standardOutput(try text(of: result, as: format, showsNamespaces: showsNamespaces))
        if !format.carriesFindings { result.findings.notable.forEach { standardError(findingText($0, width: 80)) } }
    }

    func text(of result: some CommandResult, as format: OutputFormat, showsNamespaces: Bool) throws(CommandError) -> String {
        let layout = TextLayout(isWide: format == .wide, showsNamespaces: showsNamespaces, width: terminal.isOutput ? terminal.width : nil)
        switch format {
        case .table, .wide: return result.text(layout)
        case .json: return result.json.text(pretty: true) + "\n"
        case .yaml: return result.json.yamlText
        case .name: return result.names.map { plainText($0) + "\n" }.joined()
        case .cilium: return result.cilium.text(pretty: true) + "\n"
        case .html: return result.html
        case .junit: return result.junitText
        case .sarif: return result.sarif.text(pretty: true) + "\n"
        case .github: return result.githubText
        // Tabs are asked for by the template itself.
        case .jsonPath(let template): return plainTextKeepingTabs(try template.text(of: result.json))
        case .customColumns(let columns): return try columns.text(of: result.rows)
        }
    }
}
