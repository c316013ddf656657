// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc
import Synchronization

/// A thread for calls that block, so that a module that hangs takes none of the pool's.
///
/// One and the same thread as long as the executor lives: a module's process ends with the thread that started it
/// (`PR_SET_PDEATHSIG`), and a pool lets go of threads that have nothing to do.
final class BlockingExecutor: SerialExecutor {
    private let jobs = Jobs()

    init() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(jobs)
        let failure = pthread_create(&thread, nil, { runJobs($0) }, context.toOpaque())
        if failure == 0 {
            pthread_detach(thread)
        } else {
            // No thread is left; one of the pool's, for as long.
            DispatchQueue(label: "kubectl-egress.plugin").async { [jobs] in jobs.run() }
            context.release()
        }
    }

    deinit { jobs.end() }

    func enqueue(_ job: consuming ExecutorJob) { jobs.add(UnownedJob(job), self) }
}

private func runJobs(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<Jobs>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}

/// What waits for the thread. A job keeps its executor until it ran.
private final class Jobs: Sendable {
    private struct State {
        var waiting: [(job: UnownedJob, executor: BlockingExecutor)] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)

    func add(_ job: UnownedJob, _ executor: BlockingExecutor) {
        state.withLock { $0.waiting.append((job, executor)) }
        arrived.signal()
    }

    func end() {
        state.withLock { $0.isOver = true }
        arrived.signal()
    }

    func run() {
        while runNext() { arrived.wait() }
    }

    /// Whether there may be more.
    private func runNext() -> Bool {
        while let (job, executor) = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) {
            job.runSynchronously(on: executor.asUnownedSerialExecutor())
        }
        return state.withLock { !$0.isOver || !$0.waiting.isEmpty }
    }
}
