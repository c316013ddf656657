import ArgumentParser
import EgressPlan
import EgressPorts

/// `kubectl-egress`, whole: from the words of the command line to the exit code.
public enum EgressProgram {
    /// The executable's name where kubectl asks it for completions.
    static let completerName = "kubectl_complete-egress"

    /// `arguments` begins with the name that the program was called by.
    public static func run(_ arguments: [String], in environment: CommandEnvironment) async -> Int32 {
        let calledAs = arguments.first?.split(separator: "/").last.map(String.init) ?? ""
        let words = Array(arguments.dropFirst())
        do {
            let tree = try CommandTree.egress.get()
            if calledAs == completerName {
                return await Completer(tree: tree, environment: environment).answer(words, describes: true)
            }
            if let first = words.first, first == "__complete" || first == "__completeNoDesc" {
                return await Completer(tree: tree, environment: environment)
                    .answer(Array(words.dropFirst()), describes: first == "__complete")
            }
            return try await run(words, tree: tree, environment)
        } catch {
            let failure = commandError(for: error)
            environment.standardError(plainTextKeepingTabs(failure.text))
            return failure.exitCode
        }
    }

    private static func run(_ words: [String], tree: CommandTree, _ environment: CommandEnvironment) async throws -> Int32 {
        let normalised = try NormalisedArguments(words, tree: tree)
        do {
            return try await run(normalised, tree: tree, environment)
        } catch {
            var failure = commandError(for: error)
            failure.exitCode = max(failure.exitCode, CommandError.exitCode(of: normalised.command))
            throw failure
        }
    }

    private static func run(_ normalised: NormalisedArguments, tree: CommandTree, _ environment: CommandEnvironment) async throws -> Int32 {
        let path = tree.path(normalised.command)
        if normalised.wantsHelp || path.last?.isGroup == true {
            environment.standardOutput(HelpPage(path: path).text)
            return 0
        }
        switch try EgressCommand.parseAsRoot(normalised.arguments) {
        case let command as any RunnableCommand:
            let code = try await command.run(in: environment)
            if command.global.warningsAsErrors, let error = environment.warningsAsError { throw error }
            return code
        default: throw CommandError("this command does nothing by itself")
        }
    }

    /// What a user reads for an error, whoever threw it.
    private static func commandError(for error: any Error) -> CommandError {
        switch error {
        case let error as CommandError: error
        case let error as HelperError: CommandError(error.message, hints: error.hint.map { [$0] } ?? [])
        case let error as ClusterError: CommandError(error)
        case is CancellationError: CommandError(lines: [], exitCode: 130)
        default: CommandError(parserMessage(error))
        }
    }

    /// swift-argument-parser's errors have their text in the parser; others describe themselves.
    private static func parserMessage(_ error: any Error) -> String {
        let message = EgressCommand.message(for: error)
        return message.isEmpty ? String(describing: error) : message
    }
}
