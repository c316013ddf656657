import Glibc
import Synchronization

/// Runs the jobs of a task on one thread that nobody else uses, so that the thread can have namespaces of its own.
final class SandboxThread: TaskExecutor {
    private let jobs = Mutex<(waiting: [UnownedJob], hasEnded: Bool)>(([], false))
    /// Counts what there is to look at: jobs, and the end.
    private let wakeUp: FileHandlePair

    init() {
        wakeUp = FileHandlePair()
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let result = pthread_create(&thread, nil, { runSandboxThread($0) }, argument)
        precondition(result == 0, "a test machine that has no thread left")
        pthread_detach(thread)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.waiting.append(job) }
        wakeUp.signal()
    }

    /// The thread ends when it has run what was given to it.
    func end() {
        jobs.withLock { $0.hasEnded = true }
        wakeUp.signal()
    }

    fileprivate func loop() {
        while true {
            wakeUp.wait()
            let (job, ends) = jobs.withLock { state -> (UnownedJob?, Bool) in
                if state.waiting.isEmpty { return (nil, state.hasEnded) }
                return (state.waiting.removeFirst(), false)
            }
            if ends { return }
            job?.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

private func runSandboxThread(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    Unmanaged<SandboxThread>.fromOpaque(pointer).takeRetainedValue().loop()
    return nil
}

/// A pipe as a counter that can be waited for.
final class FileHandlePair: Sendable {
    private let ends: (read: Int32, write: Int32)

    init() {
        var numbers: [Int32] = [-1, -1]
        precondition(pipe(&numbers) == 0, "a test machine that has no descriptor left")
        ends = (numbers[0], numbers[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    func signal() {
        var octet: UInt8 = 1
        while write(ends.write, &octet, 1) < 0 && errno == EINTR {}
    }

    func wait() {
        var octet: UInt8 = 0
        while read(ends.read, &octet, 1) < 0 && errno == EINTR {}
    }
}
