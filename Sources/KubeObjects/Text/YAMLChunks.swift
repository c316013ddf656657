/// One document of a YAML stream, cut out at the lines that begin with `---`.
///
/// Cut before parsing, so that a broken document doesn't take the ones after it along; and anchors end with their document.
struct YAMLChunk {
    var text: Substring
    /// Line of the file that the text begins on, from 1.
    var firstLine: Int

    var lines: Range<Int> { firstLine..<(firstLine + text.utf8.count { $0 == 0x0A } + (text.utf8.last == 0x0A ? 0 : 1)) }

    static func split(_ text: String) -> [YAMLChunk] {
        var chunks: [YAMLChunk] = []
        var start = text.startIndex
        var startLine = 1
        var line = 1
        var index = text.startIndex
        let bytes = text.utf8
        while index < text.endIndex {
            if index > start, isMarker(text[index...].utf8), !isDirectives(text[start..<index]) {
                chunks.append(YAMLChunk(text: text[start..<index], firstLine: startLine))
                start = index
                startLine = line
            }
            guard let newline = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { break }
            index = bytes.index(after: newline)
            line += 1
        }
        chunks.append(YAMLChunk(text: text[start...], firstLine: startLine))
        return chunks
    }

    private static func isMarker(_ line: Substring.UTF8View) -> Bool {
        guard line.starts(with: "---".utf8) else { return false }
        guard let next = line.dropFirst(3).first else { return true }
        return [0x20, 0x09, 0x0A, 0x0D].contains(next)
    }

    /// `%YAML` and `%TAG` lines belong to the document that the marker after them opens.
    private static func isDirectives(_ text: Substring) -> Bool {
        let lines = text.split(whereSeparator: \.isNewline)
        return lines.contains { $0.hasPrefix("%") } && lines.allSatisfy { $0.hasPrefix("%") || $0.hasPrefix("#") }
    }
}
