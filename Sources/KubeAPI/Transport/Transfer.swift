import Synchronization

/// One request under way, between the thread that moves its bytes and the one task that reads the answer.
final class Transfer: Sendable {
    let request: HTTPRequest
    private let loop: TransferLoop
    private let state = Mutex(State())

    private struct State {
        var head: HTTPHead?
        var pending: [UInt8] = []
        var isPaused = false
        var end: Result<Void, TransportFailure>?
        var waiting: (need: Need, continuation: CheckedContinuation<Void, Never>)?

        func meets(_ need: Need) -> Bool {
            if end != nil { return true }
            return switch need {
            case .head: head != nil
            case .bytes: !pending.isEmpty
            case .end: false
            }
        }

        /// Whom to wake now; outside of the lock.
        mutating func ready() -> CheckedContinuation<Void, Never>? {
            guard let waiting, meets(waiting.need) else { return nil }
            self.waiting = nil
            return waiting.continuation
        }
    }

    private enum Need { case head, bytes, end }

    init(_ request: HTTPRequest, loop: TransferLoop) {
        self.request = request
        self.loop = loop
    }

    // MARK: For the reading task

    func head() async throws(TransportFailure) -> HTTPHead {
        await wait(for: .head)
        let (head, end) = state.withLock { ($0.head, $0.end) }
        if case .failure(let failure) = end, head == nil || failure.kind == .cancelled { throw failure }
        guard let head else { throw TransportFailure(kind: .reset, message: "EOF") }
        return head
    }

    /// The next bytes; `nil` at the end.
    func nextBytes() async throws(TransportFailure) -> [UInt8]? {
        await wait(for: .bytes)
        let (bytes, end, wasPaused) = state.withLock { state -> ([UInt8], Result<Void, TransportFailure>?, Bool) in
            defer { (state.pending, state.isPaused) = ([], false) }
            return (state.pending, state.end, state.isPaused)
        }
        if wasPaused { loop.resume(self) }
        if case .failure(let failure) = end, bytes.isEmpty || failure.kind == .cancelled { throw failure }
        return bytes.isEmpty ? nil : bytes
    }

    /// The whole body; for requests that read it whole.
    func body() async throws(TransportFailure) -> [UInt8] {
        await wait(for: .end)
        let (bytes, end) = state.withLock { state -> ([UInt8], Result<Void, TransportFailure>?) in
            defer { state.pending = [] }
            return (state.pending, state.end)
        }
        try end?.get()
        return bytes
    }

    /// Ends it: whoever reads gets the failure at once, and the bytes stop soon after.
    func cancel() {
        finish(.failure(.cancelled))
        loop.cancel(self)
    }

    private func wait(for need: Need) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.meets(need) { return true }
                    state.waiting = (need, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    // MARK: For the thread

    var hasEnded: Bool { state.withLock { $0.end != nil } }

    func receive(_ head: HTTPHead) {
        wake { $0.head = head }
    }

    /// What became of these bytes.
    enum Receipt { case taken, wait, refused }

    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Receipt {
        var receipt = Receipt.taken
        wake { state in
            switch request.reading {
            case .whole(let limit) where state.pending.count + bytes.count > limit:
                receipt = .refused
            case .stream(let window) where !state.pending.isEmpty && state.pending.count + bytes.count > window:
                state.isPaused = true
                receipt = .wait
            default:
                if state.end != nil { receipt = .refused } else { state.pending.append(contentsOf: bytes) }
            }
        }
        return receipt
    }

    /// The first end counts.
    func finish(_ end: Result<Void, TransportFailure>) {
        wake { if $0.end == nil { $0.end = end } }
    }

    private func wake(_ change: (inout State) -> Void) {
        let ready = state.withLock { state in
            change(&state)
            return state.ready()
        }
        ready?.resume()
    }
}
