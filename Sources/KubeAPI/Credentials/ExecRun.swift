import CEgressShims
import Dispatch
import Glibc

/// One run of a credential plugin.
struct ExecRun: Sendable {
    enum Outcome: Sendable, Hashable {
        case output([UInt8])
        /// Why there is nothing to read, in client-go's words.
        case failed(String)
        /// No such program.
        case notFound
    }

    let plugin: ExecPlugin
    let limits: ExecLimits
    /// Serial, and so with a thread of its own as soon as there is work.
    private let queue = DispatchQueue(label: "kubectl-egress.credential-plugin")

    init(plugin: ExecPlugin, limits: ExecLimits) {
        self.plugin = plugin
        self.limits = limits
    }

    /// Waits on that thread: a plugin may take minutes, and the pool's threads are few.
    func run() async -> Outcome {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: wait()) }
        }
    }

    private func wait() -> Outcome {
        let programs = ProgramSearch(path: plugin.variables["PATH"])
        if let refusal = plugin.policy.refusal(of: plugin.settings.command, programs) { return .failed(refusal) }
        let isInteractive: Bool
        switch Interaction.decide(plugin.settings.interactiveMode, mayAsk: plugin.mayAsk, isTerminal: isatty(0) == 1) {
        case .allowed(let allowed): isInteractive = allowed
        case .impossible(let why): return .failed("exec plugin cannot support interactive mode: \(why)")
        }
        guard let path = programs.find(plugin.settings.command) else { return .notFound }
        return capture(path, isInteractive: isInteractive)
    }

    private func capture(_ path: String, isInteractive: Bool) -> Outcome {
        var end = egress_exit()
        var error: Int32 = 0
        let arguments = CStrings([plugin.settings.command] + plugin.settings.arguments)
        let environment = CStrings(plugin.environment(isInteractive: isInteractive))
        let timeout = isInteractive ? -1 : Int32(clamping: Int(limits.seconds * 1000))
        let output = [UInt8](unsafeUninitializedCapacity: limits.bytes) { buffer, count in
            error = egress_capture(
                path, arguments.pointers, environment.pointers, isInteractive ? 0 : -1, buffer.baseAddress, buffer.count, timeout, &end)
            count = min(end.said, buffer.count)
        }
        guard error == 0 else { return .failed("exec: fork/exec \(path): \(LocalFile.Failure.words(error))") }
        if end.said > limits.bytes {
            return .failed("exec: executable \(plugin.settings.command) printed more than \(limits.bytes) bytes and was ended")
        }
        if end.timed_out != 0 {
            return .failed("exec: executable \(plugin.settings.command) didn't end in \(Int(limits.seconds)) seconds and was ended")
        }
        let code = end.status & 0x7F == 0 ? (end.status >> 8) & 0xFF : -1
        guard code == 0 else { return .failed("exec: executable \(plugin.settings.command) failed with exit code \(code)") }
        return .output(output)
    }
}

/// What a plugin may take; one that asks the user takes the time that it takes.
struct ExecLimits: Sendable, Hashable {
    var bytes = 1 << 20
    var seconds = 120.0
}

/// Whether a plugin is given standard input.
private enum Interaction {
    case allowed(Bool)
    case impossible(String)

    static func decide(_ mode: String, mayAsk: Bool, isTerminal: Bool) -> Interaction {
        switch mode {
        case "Never": return .allowed(false)
        case "IfAvailable": return .allowed(mayAsk && isTerminal)
        default:
            if !isTerminal { return .impossible("standard input is not a terminal") }
            return mayAsk ? .allowed(true) : .impossible("standard input is unavailable")
        }
    }
}

/// Strings as C wants them: an array of pointers that ends with NULL.
private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) { pointers = strings.map { strdup($0) } + [nil] }

    deinit { for pointer in pointers { free(pointer) } }
}
