/// Text from outside as a terminal may see it: control characters (C0 but for the newline, DEL, C1) and those that turn the
/// direction of writing become `?`, so that no object's name can move the cursor or hide what follows.
func plainText(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: text.unicodeScalars.map { isHarmful($0) ? "?" : $0 })
    return String(result)
}

/// The same for text that is laid out with tabs: by a template of the user, or as cobra indents its suggestions.
func plainTextKeepingTabs(_ text: String) -> String {
    text.split(separator: "\t", omittingEmptySubsequences: false).map { plainText(String($0)) }.joined(separator: "\t")
}

private func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F: true
    // Marks, embeddings, overrides and isolates of UAX #9; line and paragraph separators.
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}
