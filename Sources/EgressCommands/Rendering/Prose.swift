/// Breaks text at spaces so that a line has at most `width` characters; a word that is longer stands alone.
///
/// The first line begins with `first`, the others with as many spaces.
func wrapped(_ text: String, first: String = "", width: Int = 80) -> [String] {
    let indent = String(repeating: " ", count: first.count)
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in plainText(text).split(whereSeparator: \.isWhitespace) {
        if !isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            (line, isEmpty) = (indent, true)
        }
        line += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return lines + [line]
}
