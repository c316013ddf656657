/// What the shell is told: words, and a directive for what to do with them (cobra's protocol).
struct CompletionAnswer: Sendable, Hashable {
    struct Word: Sendable, Hashable {
        var value: String
        var description: String

        init(_ value: String, _ description: String = "") {
            self.value = value
            self.description = description
        }
    }

    /// Bits of cobra's ShellCompDirective.
    enum Directive {
        static let noSpace = 2
        static let noFiles = 4
        /// The words are extensions of files.
        static let fileExtensions = 8
        static let directories = 16
    }

    var words: [Word] = []
    var directive = Directive.noFiles
    /// A line that the shell shows below the words (cobra's ActiveHelp), such as why there are none.
    var help: String?

    static let files = CompletionAnswer(words: [], directive: 0)
    static let manifests = CompletionAnswer(words: ["yaml", "yml", "json"].map { Word($0) }, directive: Directive.fileExtensions)
    static let directories = CompletionAnswer(words: [], directive: Directive.directories)

    /// Words that begin as typed. Extensions of files are not words to type.
    func beginning(with typed: String) -> CompletionAnswer {
        guard directive & Directive.fileExtensions == 0 else { return self }
        return CompletionAnswer(words: words.filter { $0.value.hasPrefix(typed) }, directive: directive, help: help)
    }

    /// The lines on standard output; `:N` is the last.
    func text(describes: Bool, helps: Bool) -> String {
        let lines = words.map { word in
            let value = plainText(word.value)
            return describes && !word.description.isEmpty ? "\(value)\t\(plainText(word.description))" : value
        }
        let advice = helps ? help.map { ["_activeHelp_ " + plainText($0)] } ?? [] : []
        return (lines + advice + [":\(directive)"]).map { $0 + "\n" }.joined()
    }
}
