public import EgressModel
import JSONText

/// What was found in one text: its objects, in their order, and what is wrong with the rest.
public struct KubeReading: Sendable {
    public var documents: [KubeDocument]
    public var findings: [Finding]
    /// False when some part could not be read, so that objects may be missing.
    public var isComplete: Bool
    /// Whether some text wasn't of its format at all.
    private var hasSyntaxErrors = false

    public enum Format: Sendable, Hashable {
        /// JSON when the text begins with `{`, else YAML.
        case automatic
        case yaml
        case json
        /// One object a line.
        case jsonLines

        /// By the ending of a file's name; `nil` for a name that holds no manifests.
        public init?(fileName: String) {
            switch fileName.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last {
            // JSON is YAML but for a few escapes, and much faster to read as what it is.
            case "yaml", "yml": self = .automatic
            case "json": self = .json
            case "jsonl", "ndjson": self = .jsonLines
            default: return nil
            }
        }
    }

    /// Reads manifests: YAML documents, a JSON object, JSON lines; lists are taken apart.
    ///
    /// - Parameter file: what places call the text.
    public init(_ text: String, file: String, format: Format = .automatic) {
        self.init()
        switch format {
        case .yaml: readYAML(text, file: file)
        case .json: readJSON(text, file: file)
        case .jsonLines: readJSONLines(text, file: file)
        case .automatic: readAutomatic(text, file: file)
        }
    }

    /// Whoever reads a file has bounded its length.
    static let limits = JSONLimits(bytes: .max)

    /// One of a file's JSON lines.
    init(line: String, number: Int, file: String) {
        self.init()
        readJSON(line[...], firstLine: number, file: file)
    }

    init() {
        documents = []
        findings = []
        isComplete = true
    }

    /// Appends what another text holds.
    public mutating func append(_ other: KubeReading) {
        documents += other.documents
        findings += other.findings
        isComplete = isComplete && other.isComplete
    }

    /// A text that could not be read at all, such as a file that isn't UTF-8.
    public mutating func fail(_ message: String, at place: SourcePlace, hint: String? = nil) {
        findings.append(Finding(.error, .notAManifest, place: place, message: message, hint: hint))
        isComplete = false
    }
}

extension KubeReading {
    private mutating func readAutomatic(_ text: String, file: String) {
        guard text.first(where: { !$0.isWhitespace }) == "{" else { return readYAML(text, file: file) }
        let firstLine = text.utf8.split(separator: UInt8(ascii: "\n")).first { Substring($0).contains { !$0.isWhitespace } }
        if let firstLine, (try? JSONValue(parsing: firstLine, limits: Self.limits)) != nil { return readJSONLines(text, file: file) }
        var asJSON = KubeReading()
        asJSON.readJSON(text, file: file)
        if asJSON.hasSyntaxErrors {
            // `{apiVersion: v1, …}` is YAML.
            let asYAML = KubeReading(text, file: file, format: .yaml)
            if !asYAML.hasSyntaxErrors { return append(asYAML) }
        }
        append(asJSON)
    }

    private mutating func readYAML(_ text: String, file: String) {
        for chunk in YAMLChunk.split(text) {
            do throws(TextError) {
                let documents = try YAMLDocument.read(chunk)
                for document in documents {
                    let lines = documents.count == 1 ? chunk.lines : nil
                    take(document.value, from: TextOrigin(file: file, lines: lines, content: .yaml(document)))
                }
            } catch {
                hasSyntaxErrors = true
                fail(
                    error.message, at: SourcePlace(file: file, line: error.mark.line, column: error.mark.column), hint: error.hint)
            }
        }
    }

    private mutating func readJSON(_ text: String, file: String) {
        readJSON(text[...], firstLine: 1, file: file)
    }

    private mutating func readJSONLines(_ text: String, file: String) {
        var number = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let content = Substring(line)
            guard content.contains(where: { !$0.isWhitespace }) else { continue }
            readJSON(content, firstLine: number, file: file)
        }
    }

    private mutating func readJSON(_ text: Substring, firstLine: Int, file: String) {
        guard text.contains(where: { !$0.isWhitespace }) else { return }
        do throws(JSONError) {
            let value = try JSONValue(parsing: text.utf8, limits: Self.limits)
            let lines = firstLine..<(firstLine + text.utf8.count { $0 == 0x0A } + (text.hasSuffix("\n") ? 0 : 1))
            take(value, from: TextOrigin(file: file, lines: lines, content: .json(text, start: PlaceTree.Mark(line: firstLine, column: 1))))
        } catch {
            hasSyntaxErrors = true
            fail(
                "not JSON: \(error.message)",
                at: SourcePlace(file: file, line: firstLine + error.line - 1, column: error.column),
                hint: text.drop(while: \.isWhitespace).hasPrefix("{{") ? "this is a template: read what it makes, as of helm template" : nil
            )
        }
    }
}
