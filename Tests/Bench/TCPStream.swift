import Glibc
import TestKit

/// One connection from the pod to the server, which takes what comes.
final class TCPStream {
    private static let port: UInt16 = 5001
    private let world: StreamWorld
    private let sender: Int32
    private let receiver: Int32

    init(_ world: StreamWorld, _ family: BenchFamily) throws {
        self.world = world
        let listener = try world.world.inside { try Self.socket(family) }
        defer { close(listener) }
        try Self.with(family) { address, length in
            guard bind(listener, address, length) == 0, listen(listener, 1) == 0 else { throw Self.failure("listen") }
        }
        let sender = try world.pod.inside { try Self.socket(family) }
        self.sender = sender
        try Self.with(family) { address, length in
            guard connect(sender, address, length) == 0 else { throw Self.failure("connect") }
        }
        receiver = accept(listener, nil, nil)
        guard receiver >= 0 else { throw Self.failure("accept") }
    }

    deinit {
        close(sender)
        if receiver >= 0 { close(receiver) }
    }

    private static func failure(_ what: String) -> TestKitError {
        TestKitError("\(what): \(String(cString: strerror(errno)))")
    }

    private static func socket(_ family: BenchFamily) throws -> Int32 {
        let made = Glibc.socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard made >= 0 else { throw failure("socket") }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(made, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return made
    }

    /// The server's address.
    private static func with(_ family: BenchFamily, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void) throws {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(family.server, String(port), &hints, &found) == 0, let found else { throw TestKitError("no address") }
        defer { freeaddrinfo(found) }
        guard let address = found.pointee.ai_addr else { throw TestKitError("no address") }
        try body(address, found.pointee.ai_addrlen)
    }

    /// Nanoseconds of processor time of both ends and of all between.
    func send(_ octets: Int) throws -> Double {
        let taker = Taker(receiver, octets)
        let time = ProcessorTime()
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(taker).toOpaque()
        guard pthread_create(&thread, nil, { Taker.run($0) }, argument) == 0 else { throw Self.failure("thread") }
        let chunk = [UInt8](repeating: 0x61, count: 1 << 17)
        var left = octets
        while left > 0 {
            let sent = Glibc.send(sender, chunk, min(left, chunk.count), Int32(MSG_NOSIGNAL))
            guard sent > 0 else { break }
            left -= sent
        }
        if left > 0 { shutdown(receiver, Int32(SHUT_RDWR)) }
        pthread_join(thread, nil)
        guard left == 0, taker.left == 0 else { throw TestKitError("the stream broke off, \(max(left, taker.left)) octets were left") }
        return time.elapsed
    }
}

/// Reads on a thread of its own until it has everything. Looked at only after that thread ended.
private final class Taker {
    private let descriptor: Int32
    private(set) var left: Int

    init(_ descriptor: Int32, _ octets: Int) {
        self.descriptor = descriptor
        left = octets
    }

    static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        Unmanaged<Taker>.fromOpaque(argument).takeRetainedValue().take()
        return nil
    }

    private func take() {
        var room = [UInt8](repeating: 0, count: 1 << 18)
        while left > 0 {
            let count = recv(descriptor, &room, min(left, room.count), 0)
            guard count > 0 else { return }
            left -= count
        }
    }
}
