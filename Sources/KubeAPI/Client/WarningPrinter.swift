import Synchronization

/// Passes on what servers say in `Warning:` headers, each text once.
final class WarningPrinter: Sendable {
    private let warn: @Sendable (String) -> Void
    private let told = Mutex<Set<String>>([])
    /// A server that makes up a new text each time doesn't fill the memory.
    private static let most = 1000

    init(_ warn: @escaping @Sendable (String) -> Void) { self.warn = warn }

    func take(_ head: HTTPHead) {
        for text in head.all("warning").flatMap(warningTexts) {
            let isNew = told.withLock { $0.count < Self.most && $0.insert(text).inserted }
            if isNew { warn(text) }
        }
    }
}

/// The texts of one `Warning:` header (RFC 7234, section 5.5): `299 - "text" "date", 299 - "another"`. Kubernetes uses
/// code 299 alone; others are left out, and so is what comes after something that isn't a warning.
func warningTexts(_ header: String) -> [String] {
    var texts: [String] = []
    var rest = header[...]
    while true {
        rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
        guard let code = word(&rest), code.utf8.count == 3, let number = Int(code), word(&rest) != nil, let text = quoted(&rest) else {
            return texts
        }
        rest = rest.drop { $0 == " " || $0 == "\t" }
        if rest.first == "\"" { guard quoted(&rest) != nil else { return texts } }
        if number == 299, !text.isEmpty { texts.append(text) }
    }
}

private func word(_ rest: inout Substring) -> Substring? {
    rest = rest.drop { $0 == " " }
    let word = rest.prefix { $0 != " " && $0 != "\"" && $0 != "," }
    rest = rest[word.endIndex...]
    return word.isEmpty ? nil : word
}

/// A quoted-string; a backslash takes the next character as it is.
private func quoted(_ rest: inout Substring) -> String? {
    rest = rest.drop { $0 == " " }
    guard rest.first == "\"" else { return nil }
    rest.removeFirst()
    var text = ""
    while let next = rest.popFirst() {
        if next == "\"" { return text }
        if next == "\\" { guard let escaped = rest.popFirst() else { return nil }; text.append(escaped) } else { text.append(next) }
    }
    return nil
}
