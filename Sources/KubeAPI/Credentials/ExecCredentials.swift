import EgressPorts
import Synchronization

/// What a credential plugin answered, for as long as it counts.
///
/// One run serves all that wait for it. An answer that is expired when it comes serves those, and the next request runs
/// the plugin again. Nothing is kept on disk: plugins do that themselves.
actor ExecCredentials: CredentialProviding {
    private enum State {
        case idle
        case answered(ExecAnswer)
        case running([CheckedContinuation<Result<Credential, ClusterError>, Never>])
    }

    private let run: ExecRun
    private let clock: CredentialClock
    private var state = State.idle

    init(_ plugin: ExecPlugin, clock: CredentialClock = .system, limits: ExecLimits = ExecLimits()) {
        run = ExecRun(plugin: plugin, limits: limits)
        self.clock = clock
    }

    /// The one of this process for a plugin.
    static func shared(for plugin: ExecPlugin) -> ExecCredentials {
        known.withLock { known in
            if let credentials = known[plugin] { return credentials }
            // More than any process uses; what asks again then runs its plugin again.
            if known.count >= 64 { known.removeAll() }
            let credentials = ExecCredentials(plugin)
            known[plugin] = credentials
            return credentials
        }
    }

    private static let known = Mutex<[ExecPlugin: ExecCredentials]>([:])

    func credential() async throws -> Credential {
        switch state {
        case .answered(let answer) where !answer.isExpired(at: clock.wall()):
            return answer.credential
        case .running(let waiting):
            return try await withCheckedContinuation { state = .running(waiting + [$0]) }.get()
        case .idle, .answered:
            state = .running([])
            return try finish(await run.run()).get()
        }
    }

    /// The next request runs the plugin, unless a newer answer came in between. The one refused isn't sent again.
    func wasRejected(_ credential: Credential) {
        if case .answered(let answer) = state, answer.credential == credential { state = .idle }
    }

    private func finish(_ outcome: ExecRun.Outcome) -> Result<Credential, ClusterError> {
        let answer = read(outcome)
        let result = answer.map(\.credential)
        if case .running(let waiting) = state {
            for continuation in waiting { continuation.resume(returning: result) }
        }
        state = (try? answer.get()).map(State.answered) ?? .idle
        return result
    }

    private func read(_ outcome: ExecRun.Outcome) -> Result<ExecAnswer, ClusterError> {
        let settings = run.plugin.settings
        switch outcome {
        case .output(let bytes):
            do throws(ExecAnswer.Fault) {
                return .success(try ExecAnswer(parsing: bytes, apiVersion: settings.apiVersion))
            } catch {
                return .failure(Self.error(error.message))
            }
        case .failed(let message):
            return .failure(Self.error(message))
        case .notFound:
            let hint = TerminalText.clean(String(settings.installHint.prefix(4096))).trimmed
            return .failure(
                Self.error("exec: executable \(settings.command) not found", hint: hint.nonEmpty ?? Self.installation))
        }
    }

    private static func error(_ message: String, hint: String? = nil) -> ClusterError {
        ClusterError("Unable to connect to the server: getting credentials: \(message)", voice: .verbatim, hint: hint)
    }

    private static let installation =
        "install that credential plugin: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins"
}
