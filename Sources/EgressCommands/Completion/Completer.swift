import EgressModel
import EgressPorts

/// Answers the words so far with what may come next.
struct Completer: Sendable {
    let tree: CommandTree
    let environment: CommandEnvironment

    /// Seconds that looking into a cluster may take; then what is known is offered.
    static let deadline = 1.5

    /// `words` ends with the word at the cursor, which may be empty. Always ends well: an error offers nothing.
    func answer(_ words: [String], describes: Bool) async -> Int32 {
        let position = CompletionPosition(words, tree: tree)
        environment.standardOutput(await candidates(position).text(describes: describes))
        return 0
    }

    private func candidates(_ position: CompletionPosition) async -> CompletionAnswer {
        switch position.wanted {
        case .subcommand:
            let words = position.command.children.filter(\.isVisible).map { CompletionAnswer.Word($0.commandName, $0.abstract ?? "") }
            return CompletionAnswer(words: words).beginning(with: position.typed)
        case .flag:
            return CompletionAnswer(words: flags(position.command)).beginning(with: position.typed)
        case .value(let flag, let prefix):
            var answer = await values(of: flag, position).beginning(with: position.typed)
            for index in answer.words.indices { answer.words[index].value = prefix + answer.words[index].value }
            return answer
        case .positional(let index):
            return await positional(index, position).beginning(with: position.typed)
        case .nothing:
            return CompletionAnswer()
        }
    }

    private func flags(_ command: DeclaredCommand) -> [CompletionAnswer.Word] {
        var seen: Set<String> = []
        let declared = command.flagsOfLeaves.filter { seen.insert($0.longName).inserted && $0.shouldDisplay != false }
            .map { CompletionAnswer.Word("--\($0.longName)", $0.abstract ?? "") }
        return (declared + [.init("--help", "Show the help of the command.")]).sorted { $0.value < $1.value }
    }

    private func values(of flag: DeclaredArgument, _ position: CompletionPosition) async -> CompletionAnswer {
        switch flag.longName {
        case "namespace": return await live(position) { $0.namespaceWords }
        case "node": return await live(position) { $0.nodeWords }
        case "filename": return .manifests
        case "snapshot": return .directories
        case "kubeconfig", "socket", "certificate-authority", "client-certificate", "client-key": return .files
        default: return CompletionAnswer(words: (flag.completionWords ?? []).map { .init($0) })
        }
    }

    private func positional(_ index: Int, _ position: CompletionPosition) async -> CompletionAnswer {
        let names = position.words
        switch position.path.dropFirst().map(\.commandName) {
        case ["explain", "pod"] where index == 0: return await live(position) { $0.podWords(namespace: position.namespace ?? "default") }
        case ["status"]: return await live(position) { snapshot in snapshot.policyWords.filter { !names.contains($0.value) } }
        case ["completion"] where index == 0: return CompletionAnswer(words: ShellScript.allCases.map { .init($0.rawValue) })
        case ["help"]:
            let path = tree.path(names)
            guard path.count == names.count + 1, let last = path.last else { return CompletionAnswer() }
            return CompletionAnswer(words: last.children.filter(\.isVisible).map { .init($0.commandName, $0.abstract ?? "") })
        default: return CompletionAnswer()
        }
    }

    /// Words from the cluster's state, or none when the deadline passes, there is no snapshot, or it can't be read.
    private func live(_ position: CompletionPosition, _ words: @escaping @Sendable (ClusterSnapshot) -> [CompletionAnswer.Word]) async
        -> CompletionAnswer
    {
        guard let path = position.snapshot ?? environment.variables[CommandEnvironment.snapshotVariable], !path.isEmpty, path != "-" else {
            return CompletionAnswer()
        }
        let environment = environment
        let found = await firstOf(
            { try? words(await environment.openCluster(path).snapshot()) },
            orAfter: { try? await environment.clock.sleep(seconds: Self.deadline) })
        return CompletionAnswer(words: found ?? [])
    }
}

/// What `work` gives, or `nil` when `timer` ends before it. The loser is cancelled and not waited for: work that hangs in a
/// blocking read can't be ended from here, and the process ends right after.
private func firstOf<Result: Sendable>(
    _ work: @escaping @Sendable () async -> Result?, orAfter timer: @escaping @Sendable () async -> Void
) async -> Result? {
    let (stream, continuation) = AsyncStream<Result?>.makeStream()
    let tasks = [
        Task { _ = continuation.yield(await work()) },
        Task {
            await timer()
            _ = continuation.yield(nil)
        },
    ]
    defer { tasks.forEach { $0.cancel() } }
    for await result in stream { return result }
    return nil
}
