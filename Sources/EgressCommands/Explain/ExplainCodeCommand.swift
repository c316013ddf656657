import ArgumentParser
import EgressModel
import EgressPolicy
import JSONText

struct ExplainCodeCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code",
        abstract: "Say what a reason code means, how to see it, and what to do; without one, list them all.",
        discussion: """
            # What does it mean, and what is to be done?
            kubectl egress explain code EG1203

            # Every code
            kubectl egress explain code
            """,
        aliases: ["codes"])

    @OptionGroup(title: GlobalOptions.sectionTitle) var global: GlobalOptions
    @Option(name: .shortAndLong, help: OutputFormat.help(.json, .yaml), completion: OutputFormat.completion(.json, .yaml))
    var output: String?
    @Argument(help: ArgumentHelp("", valueName: "[CODE...]")) var codes: [String] = []

    func run(in environment: CommandEnvironment) async throws -> Int32 {
        let format = try OutputFormat(output, allowed: [.json, .yaml])
        guard !codes.isEmpty else {
            try environment.render(CodeReport(advice: CodeAdvice.all, isList: true), as: format)
            return 0
        }
        let advice = try codes.map { text throws(CommandError) in try Self.advice(text) }
        try environment.render(CodeReport(advice: advice, isList: false), as: format)
        return 0
    }

    /// `EG1203`; small letters and the bare number will do.
    private static func advice(_ text: String) throws(CommandError) -> CodeAdvice {
        let upper = text.uppercased()
        let name = upper.hasPrefix("EG") ? upper : "EG\(upper)"
        if let advice = CodeAdvice(code: ReasonCode(rawValue: name)) { return advice }
        let near = CodeAdvice.all.map(\.code.rawValue).filter { $0.hasPrefix(String(name.prefix(4))) }
        throw CommandError(
            "there is no reason code \"\(plainText(text))\"",
            hints: [near.isEmpty ? "kubectl egress explain code lists them all" : "there are: \(namesInWords(near))"])
    }
}

/// What is known of some codes.
struct CodeReport: CommandResult {
    var advice: [CodeAdvice]
    /// All of them, a line each.
    var isList: Bool
    let findings: [Finding] = []

    var names: [String] { advice.map(\.code.rawValue) }

    var json: JSONValue {
        [
            "codes": .array(
                advice.map { advice in
                    [
                        "code": .string(advice.code.rawValue), "title": .string(advice.title), "cause": .string(advice.cause),
                        "confirm": .string(advice.confirm), "fix": JSONValue(advice.fix),
                    ]
                })
        ]
    }

    func text(_ layout: TextLayout) -> String {
        guard !isList else {
            return Table([.init("CODE"), .init("MEANING", canShrink: true)], rows: advice.map { [$0.code.rawValue, $0.title] })
                .text(width: layout.width)
        }
        return advice.map { text($0, width: layout.proseWidth) }.joined(separator: "\n")
    }

    private func text(_ advice: CodeAdvice, width: Int) -> String {
        var lines = wrapped(advice.title, first: "\(advice.code)    ", width: width)
        lines += wrapped(advice.cause, first: "CAUSE     ", width: width)
        lines += wrapped(advice.confirm, first: "CONFIRM   ", width: width)
        lines += wrapped(advice.fix ?? "nothing is wrong", first: "FIX       ", width: width)
        return lines.map { $0 + "\n" }.joined()
    }
}
