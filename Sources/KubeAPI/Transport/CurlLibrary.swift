import CCurl
import Glibc
import Synchronization

/// libcurl, started once in a process.
enum CurlLibrary {
    private static let isStarted: Bool = {
        guard curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK else { return false }
        // Registered after OpenSSL's own, so it runs before: no thread may be inside TLS when that is torn down.
        atexit { LiveLoops.stopAll() }
        return true
    }()

    static func start() { _ = isStarted }
}

/// The loops that have a thread, so that the end of the process can wait for them.
enum LiveLoops {
    private static let loops = Mutex<[ObjectIdentifier: TransferLoop]>([:])

    static func add(_ loop: TransferLoop) { loops.withLock { $0[ObjectIdentifier(loop)] = loop } }
    static func remove(_ loop: TransferLoop) { _ = loops.withLock { $0.removeValue(forKey: ObjectIdentifier(loop)) } }

    static func stopAll() {
        for loop in loops.withLock({ Array($0.values) }) { loop.stop() }
    }
}
