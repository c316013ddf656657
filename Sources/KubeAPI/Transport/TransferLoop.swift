import CCurl
import Glibc
import Synchronization

/// The one thread on which all transfers of a client run, and with them its pool of connections.
///
/// libcurl's multi interface is for one thread at a time; `curl_multi_wakeup` alone may be called from others. The thread
/// blocks all signals: a write to a closed connection would raise SIGPIPE, and nobody's handler shall run here.
final class TransferLoop: Sendable {
    private let state = Mutex(State())

    private struct State {
        var commands: [Command] = []
        var multi: Multi?
        var thread: pthread_t?
        var isStopped = false
    }

    enum Command: Sendable {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
    }

    func start(_ transfer: Transfer) {
        guard submit(.start(transfer)) else { return transfer.finish(.failure(.cancelled)) }
    }

    func cancel(_ transfer: Transfer) { submit(.cancel(transfer)) }
    func resume(_ transfer: Transfer) { submit(.resume(transfer)) }

    /// Ends every transfer, closes the connections and waits for the thread. Must not be called on that thread.
    func stop() {
        let thread = state.withLock { state -> pthread_t? in
            state.isStopped = true
            state.multi?.wakeUp()
            defer { state.thread = nil }
            return state.thread
        }
        if let thread { pthread_join(thread, nil) }
        LiveLoops.remove(self)
    }

    @discardableResult
    private func submit(_ command: Command) -> Bool {
        state.withLock { state in
            guard !state.isStopped else { return false }
            if state.multi == nil, case .start = command, !launch(&state) { return false }
            state.commands.append(command)
            state.multi?.wakeUp()
            return true
        }
    }

    private func launch(_ state: inout State) -> Bool {
        CurlLibrary.start()
        guard let multi = Multi() else { return false }
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        guard pthread_create(&thread, nil, { runTransferLoop($0) }, this.toOpaque()) == 0 else {
            this.release()
            return false
        }
        (state.multi, state.thread) = (multi, thread)
        LiveLoops.add(self)
        return true
    }

    /// What was asked for since the last call; `nil` when the thread is to end.
    private func takeCommands() -> [Command]? {
        state.withLock { state in
            defer { state.commands = [] }
            return state.isStopped ? nil : state.commands
        }
    }

    fileprivate func run() {
        guard let multi = state.withLock({ $0.multi }) else { return }
        var running = RunningTransfers(multi)
        while let commands = takeCommands() {
            for command in commands { running.carryOut(command) }
            running.perform()
        }
        running.endAll()
        let late = state.withLock { state -> [Command] in
            state.multi = nil
            defer { state.commands = [] }
            return state.commands
        }
        for case .start(let transfer) in late { transfer.finish(.failure(.cancelled)) }
    }
}

private func runTransferLoop(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    Unmanaged<TransferLoop>.fromOpaque(pointer).takeRetainedValue().run()
    return nil
}

/// libcurl's handle for many transfers; closed when nobody can wake it any more.
final class Multi: @unchecked Sendable {
    // Safe because only the loop's thread uses it, but for curl_multi_wakeup, which is meant for others.
    let handle: UnsafeMutableRawPointer

    init?() {
        guard let handle = curl_multi_init() else { return nil }
        self.handle = handle
    }

    func wakeUp() { curl_multi_wakeup(handle) }

    deinit { curl_multi_cleanup(handle) }
}
