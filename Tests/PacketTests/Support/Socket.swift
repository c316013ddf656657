import EgressModel
import Glibc
import TestKit

/// A blocking socket of the namespace in which it was made; what takes longer than three seconds fails.
final class Socket {
    let descriptor: Int32

    private init(_ descriptor: Int32) throws {
        guard descriptor >= 0 else { throw Socket.failure("socket") }
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 3, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit {
        close(descriptor)
    }

    static func tcp(_ family: IPFamily = .ipv4) throws -> Socket { try Socket(socket(domain(family), Int32(SOCK_STREAM.rawValue), 0)) }
    static func udp(_ family: IPFamily = .ipv4) throws -> Socket { try Socket(socket(domain(family), Int32(SOCK_DGRAM.rawValue), 0)) }

    private static func domain(_ family: IPFamily) -> Int32 { family == .ipv4 ? AF_INET : AF_INET6 }

    private static func failure(_ what: String) -> TestKitError {
        TestKitError("\(what): \(String(cString: strerror(errno)))")
    }

    private static func with<Result>(_ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result
    {
        var name = sockaddr_storage()
        let isIPv4 = address.family == .ipv4
        withUnsafeMutableBytes(of: &name) { room in
            room.storeBytes(of: sa_family_t(domain(address.family)), as: sa_family_t.self)
            room.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            for (at, octet) in address.octets.enumerated() { room[(isIPv4 ? 4 : 8) + at] = octet }
        }
        let length = isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    private static func address(_ name: sockaddr_storage) -> IPAddress {
        let isIPv4 = Int32(name.ss_family) == AF_INET
        return withUnsafeBytes(of: name) { IPAddress(octets: $0[isIPv4 ? 4..<8 : 8..<24]) } ?? IPAddress(ipv4: 0)
    }

    func bind(_ address: IPAddress, _ port: UInt16) throws {
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Self.with(address, port, { Glibc.bind(descriptor, $0, $1) }) == 0 else { throw Self.failure("bind") }
    }

    func listen() throws {
        guard Glibc.listen(descriptor, 8) == 0 else { throw Self.failure("listen") }
    }

    func connect(_ address: IPAddress, _ port: UInt16) throws {
        guard Self.with(address, port, { Glibc.connect(descriptor, $0, $1) }) == 0 else { throw Self.failure("connect") }
    }

    /// The connection and who opened it.
    func accept() throws -> (Socket, IPAddress) {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let accepted = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(descriptor, $0, &length) }
        }
        guard accepted >= 0 else { throw Self.failure("accept") }
        return (try Socket(accepted), Self.address(name))
    }

    func send(_ bytes: [UInt8]) throws {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Self.failure("send") }
    }

    func receive(exactly count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard recv(descriptor, &bytes, count, Int32(MSG_WAITALL)) == count else { throw Self.failure("receive") }
        return bytes
    }

    /// One datagram, answered with the same octets to whom it came from; returns who that was.
    func echoDatagram() throws -> IPAddress {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var bytes = [UInt8](repeating: 0, count: 65536)
        try withUnsafeMutablePointer(to: &name) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = recvfrom(descriptor, &bytes, bytes.count, 0, address, &length)
                guard count >= 0 else { throw Self.failure("receive") }
                guard sendto(descriptor, bytes, count, 0, address, length) == count else { throw Self.failure("send") }
            }
        }
        return Self.address(name)
    }
}
