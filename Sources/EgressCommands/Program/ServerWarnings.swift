extension CommandEnvironment {
    /// A `Warning:` header's text (RFC 7234, code 299) on standard error, as kubectl prints it: each once, the word in
    /// yellow where the terminal and its user take colour.
    func warn(_ text: String) {
        guard warnings.take(text) else { return }
        let word = allowsColor ? "\u{1B}[33;1mWarning:\u{1B}[0m" : "Warning:"
        standardError("\(word) \(plainText(text))\n")
    }

    /// What `--warnings-as-errors` makes of them, in kubectl's words; `nil` when there were none.
    var warningsAsError: CommandError? {
        warnings.count == 0 ? nil : CommandError("\(counted(warnings.count, "warning", "warnings")) received")
    }

    /// As kubectl decides: a terminal, TERM not dumb, NO_COLOR not there at all.
    private var allowsColor: Bool { terminal.isError && variables["TERM"] != "dumb" && variables["NO_COLOR"] == nil }
}
