import EgressModel
import EgressPolicy
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
        environment.standardOutput(await candidates(position).text(describes: describes, helps: allowsHelp))
        return 0
    }

    /// cobra's ActiveHelp is on unless the program's variable, or the one of all programs, is 0.
    private var allowsHelp: Bool {
        environment.variables["KUBECTL_ACTIVE_HELP"] != "0" && environment.variables["COBRA_ACTIVE_HELP"] != "0"
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
        case "namespace": return await names(of: .namespace, position)
        case "node", "what-if-node-down": return await names(of: .node, position)
        case "pod": return await names(of: .pod, position)
        case "policy": return await names(of: .policy, position)
        case "egress-ip": return await names(of: .egressIP, position)
        case "context": return configured(position, \.contexts)
        case "cluster": return configured(position, \.clusters)
        case "user": return configured(position, \.users)
        case "filename": return .manifests
        case "snapshot": return .directories
        case "kubeconfig", "socket", "certificate-authority", "client-certificate", "client-key": return .files
        default: return CompletionAnswer(words: (flag.completionWords ?? []).map { .init($0) })
        }
    }

    private func positional(_ index: Int, _ position: CompletionPosition) async -> CompletionAnswer {
        let words = position.words
        switch position.path.dropFirst().map(\.commandName) {
        case ["explain", "pod"] where index == 0: return await names(of: .pod, position)
        case ["explain", "policy"] where index == 0: return await names(of: .policy, position)
        case ["explain", "ip"] where index == 0: return await names(of: .egressIP, position)
        case ["explain", "gateway"] where index == 0: return await names(of: .gateway, position)
        case ["explain", "code"]: return CompletionAnswer(words: CodeAdvice.all.map { .init($0.code.rawValue, $0.title) })
        case ["status"], ["plugins"]: return await names(of: .policy, position, but: words)
        case ["completion"] where index == 0: return CompletionAnswer(words: ShellScript.allCases.map { .init($0.rawValue) })
        case ["help"]:
            let path = tree.path(words)
            guard path.count == words.count + 1, let last = path.last else { return CompletionAnswer() }
            return CompletionAnswer(words: last.children.filter(\.isVisible).map { .init($0.commandName, $0.abstract ?? "") })
        default: return CompletionAnswer()
        }
    }

    /// From the kubeconfig alone, without asking a server.
    private func configured(_ position: CompletionPosition, _ names: KeyPath<KubeconfigNames, [String]>) -> CompletionAnswer {
        guard let access = try? position.options.access(variables: environment.variables) else { return CompletionAnswer() }
        return CompletionAnswer(words: environment.adapters.kubeconfigNames(access)[keyPath: names].map { .init($0) })
    }

    /// Names from the cluster, by the flags typed so far. When the deadline passes, or the cluster can't be asked, there are
    /// none, and a line says why. Nobody is asked for a password: a credential plugin gets no terminal.
    private func names(of kind: NamedKind, _ position: CompletionPosition, but known: [String] = []) async -> CompletionAnswer {
        let options = position.options
        // Standard input is the shell's.
        guard environment.snapshotPath(options) != "-" else { return CompletionAnswer() }
        let environment = environment
        let found = await firstOf(
            { () -> Result<[ObjectName], any Error>? in
                do {
                    let cluster = try environment.cluster(options, usesInput: true)
                    return .success(
                        try await cluster.names(
                            of: kind, namespace: kind == .pod || kind == .gateway ? options.namespace(in: cluster) : nil))
                } catch {
                    return .failure(error)
                }
            },
            orAfter: { try? await environment.clock.sleep(seconds: Self.deadline) })
        switch found {
        case .success(let names):
            return CompletionAnswer(words: names.filter { !known.contains($0.name) }.map { .init($0.name, $0.remark) })
        case .failure(let error): return CompletionAnswer(help: "names can't be completed: \(Self.firstLine(error))")
        case nil: return CompletionAnswer(help: "names can't be completed: no answer within \(Self.deadline) seconds")
        }
    }

    private static func firstLine(_ error: any Error) -> String {
        let text = (error as? ClusterError)?.message ?? (error as? CommandError)?.lines.first ?? String(describing: error)
        return text.split(separator: "\n").first.map(String.init) ?? ""
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
