/// Names that a mistyped word may have meant, as cobra suggests: at most two edits away, or beginning with the word.
func suggestions(for word: String, among names: [String]) -> [String] {
    let typed = Array(word.lowercased())
    return names.filter { name in
        name.lowercased().hasPrefix(word.lowercased()) || editDistance(typed, Array(name.lowercased())) <= 2
    }
}

/// Levenshtein's distance, with a swap of neighbours counted as two.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var previous = Array(0...b.count)
    for (i, left) in a.enumerated() {
        var row = [i + 1]
        for (j, right) in b.enumerated() {
            row.append(min(previous[j + 1] + 1, row[j] + 1, previous[j] + (left == right ? 0 : 1)))
        }
        previous = row
    }
    return previous.last ?? 0
}
