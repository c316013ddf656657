import Glibc
import Synchronization

/// The judge as a process beside the tests: lines over a socket, one question after another. It ends with the tests,
/// since its input does.
final class JudgeProcess: Sendable {
    private let socket: Int32
    private let unread = Mutex<[UInt8]>([])

    private static let program = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return root + "/Tests/Judge/judge.py"
    }()

    init() throws {
        var ends: [Int32] = [-1, -1]
        // Closed by exec: no other child may keep it open.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw JudgeError("no socket: \(String(cString: strerror(errno)))")
        }
        socket = ends[0]
        defer { close(ends[1]) }
        let result = Self.spawn(ends[1])
        guard result == 0 else { throw JudgeError("can't be started: \(String(cString: strerror(result)))") }
    }

    private static func spawn(_ end: Int32) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, end, 0)
        posix_spawn_file_actions_adddup2(&actions, end, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // -B: no compiled files in the source folder.
        let arguments: [String] = ["/usr/bin/python3", "-B", program]
        let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        return posix_spawn(&process, arguments[0], &actions, &attributes, words, environ)
    }

    /// A line for a line; throws when it is dead, or silent for a minute.
    func ask(_ request: [UInt8]) throws -> [UInt8] {
        try unread.withLock { unread in
            try send(request + [UInt8(ascii: "\n")])
            while true {
                if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { unread.removeSubrange(...end) }
                    return Array(unread[..<end])
                }
                unread += try receive()
            }
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 || errno == EINTR else { throw JudgeError("it is gone; its own words are above") }
            sent += max(count, 0)
        }
    }

    private func receive() throws -> [UInt8] {
        var ready = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 60_000) > 0 else { throw JudgeError("it says nothing") }
        var room = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &room, room.count, 0)
        guard count > 0 else { throw JudgeError("it is gone; its own words are above") }
        return Array(room[..<count])
    }
}
