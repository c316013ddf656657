// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

@testable import HostNetwork

/// A network namespace without a name: it goes with the last descriptor, however the test ends.
final class Namespace: Sendable {
    let descriptor: Int32

    init() throws {
        descriptor = try onThread {
            guard egress_new_network_namespace() == 0 else { throw HostNetworkError("unshare(CLONE_NEWNET)", errno: errno) }
            return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        }
        try shell("ip link set lo up")
    }

    deinit { close(descriptor) }

    /// Runs the body on a thread inside the namespace; what it opens stays there.
    func run<T>(_ body: @escaping () throws -> T) throws -> T {
        try onThread { [descriptor] in
            guard egress_enter_network_namespace(descriptor) == 0 else { throw HostNetworkError("setns", errno: errno) }
            return try body()
        }
    }

    /// `$1` in the script is a path that names `other` for `ip link … netns`.
    func shell(_ script: String, other: Namespace? = nil) throws {
        let path = other.map { "/proc/\(getpid())/fd/\($0.descriptor)" } ?? ""
        try run { try Command(path: "/bin/sh", arguments: ["-e", "-s", path]).run(input: script) }
    }

    /// Standard output of a script.
    func output(_ script: String) throws -> String {
        var template = Array("/tmp/egt-output-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        defer { close(descriptor) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        try shell("exec >\(path)\n\(script)")
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

/// Namespaces are a thread's; one of the test runner's pool must not keep a changed one.
private func onThread<T>(_ body: @escaping () throws -> T) throws -> T {
    let work = ThreadWork { Result { try body() } }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(work)
    let failure = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<AnyThreadWork>.fromOpaque(argument).takeRetainedValue().run()
            return nil
        }, argument.toOpaque())
    guard failure == 0 else {
        argument.release()
        throw HostNetworkError("pthread_create", errno: failure)
    }
    pthread_join(thread, nil)
    guard let result = work.result else { throw HostNetworkError("the thread did nothing") }
    return try result.get()
}

private class AnyThreadWork {
    func run() {}
}

private final class ThreadWork<T>: AnyThreadWork {
    private let body: () -> Result<T, any Error>
    private(set) var result: Result<T, any Error>?

    init(_ body: @escaping () -> Result<T, any Error>) { self.body = body }

    override func run() { result = body() }
}
