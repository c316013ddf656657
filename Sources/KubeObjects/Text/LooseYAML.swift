import EgressModel
public import JSONText
import Yams

/// The first document of a YAML or JSON text, read as a program reads settings rather than as it checks a manifest: of
/// equal keys the last wins, and what comes after the first document isn't looked at.
///
/// So does client-go with a kubeconfig (go-yaml without its strict mode). `null` for a text without a document. An error
/// says libyaml's sentence with the line as go-yaml counts it, for kubectl prints it so:
/// `line 3: did not find expected ',' or ']'`.
public func looseYAMLValue(_ text: String, file: String) throws(YAMLError) -> JSONValue {
    var text = text
    for round in 0...LooseYAML.duplicateLimit {
        do {
            return try LooseYAML.read(text)
        } catch YamlError.duplicatedKeysInMapping(_, let context) {
            guard let renamed = LooseYAML.renameKey(at: context.mark, in: text, to: "x-duplicate-\(round)-") else { break }
            text = renamed
        } catch let error as YamlError {
            throw LooseYAML.error(error, file: file)
        } catch let error as TextError {
            throw YAMLError(
                message: "line \(error.mark.line): \(error.message)",
                place: SourcePlace(file: file, line: error.mark.line, column: error.mark.column))
        } catch {
            break
        }
    }
    throw YAMLError(message: "too many keys stand twice", place: SourcePlace(file: file, line: 1, column: 1))
}

private enum LooseYAML {
    /// Each key that stands twice costs another look at the whole text.
    static let duplicateLimit = 64

    static func read(_ text: String) throws -> JSONValue {
        if let offset = YAMLKeyCheck(text[...]).firstRiskyKey() {
            let line = 1 + text.utf8.prefix(offset).count { $0 == 0x0A }
            throw TextError("a key that isn't a plain word, in a document with aliases", line: line, column: 1)
        }
        guard let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).nextRoot() else { return .null }
        var conversion = YAMLConversion(firstLine: 1, octets: text.utf8.count, lastOfEqualKeysWins: true)
        return try conversion.convert(root, depth: 0).0
    }

    /// Yams refuses equal keys, and names the first of them: renamed, it is a field that nobody knows.
    static func renameKey(at mark: Mark, in text: String, to prefix: String) -> String? {
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        var line = 1
        while line < mark.line, index < scalars.endIndex {
            // libyaml counts these as line breaks.
            switch scalars[index].value {
            case 0x0D:
                let next = scalars.index(after: index)
                if next < scalars.endIndex, scalars[next].value == 0x0A { index = next }
                line += 1
            case 0x0A, 0x85, 0x2028, 0x2029: line += 1
            default: break
            }
            index = scalars.index(after: index)
        }
        guard line == mark.line, var place = scalars.index(index, offsetBy: mark.column - 1, limitedBy: scalars.endIndex),
            place < scalars.endIndex
        else { return nil }
        if scalars[place] == "\"" || scalars[place] == "'" { place = scalars.index(after: place) }
        var renamed = text.unicodeScalars
        renamed.insert(contentsOf: prefix.unicodeScalars, at: place)
        return String(renamed)
    }

    static func error(_ error: YamlError, file: String) -> YAMLError {
        switch error {
        case .scanner(let context, let problem, let mark, _):
            located(problem, at: mark, or: context?.mark, lineOffset: 0, file: file)
        case .parser(let context, let problem, let mark, _), .composer(let context, let problem, let mark, _):
            located(problem, at: mark, or: context?.mark, lineOffset: -1, file: file)
        case .reader(let problem, _, _, _):
            YAMLError(message: problem, place: SourcePlace(file: file, line: 1, column: 1))
        default:
            YAMLError(message: "not YAML", place: SourcePlace(file: file, line: 1, column: 1))
        }
    }

    /// go-yaml says nothing of the first line, looks then where the construct begins, and counts lines from 0 except for
    /// the scanner's.
    private static func located(_ problem: String, at mark: Mark, or context: Mark?, lineOffset: Int, file: String) -> YAMLError {
        let chosen = [mark, context].compactMap { $0 }.first { $0.line > 1 }
        return YAMLError(
            message: chosen.map { "line \($0.line + lineOffset): \(problem)" } ?? problem,
            place: SourcePlace(file: file, line: max(mark.line, 1), column: max(mark.column, 1)))
    }
}
