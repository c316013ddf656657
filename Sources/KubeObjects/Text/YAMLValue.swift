public import EgressModel
public import JSONText

/// Why a text isn't YAML.
public struct YAMLError: Error, Sendable, Hashable {
    public var message: String
    public var place: SourcePlace
}

/// A YAML (or JSON) text as values, one a document, whatever they describe: a kubeconfig, a chart's values.
public func yamlValues(_ text: String, file: String) throws(YAMLError) -> [JSONValue] {
    var values: [JSONValue] = []
    for chunk in YAMLChunk.split(text) {
        do throws(TextError) {
            values += try YAMLDocument.read(chunk).map(\.value)
        } catch {
            throw YAMLError(message: error.message, place: SourcePlace(file: file, line: error.mark.line, column: error.mark.column))
        }
    }
    return values
}
