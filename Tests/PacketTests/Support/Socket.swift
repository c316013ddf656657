import EgressModel
import Glibc
import TestKit

/// A blocking IPv4 socket of the namespace in which it was made; what takes longer than three seconds fails.
final class Socket {
    private let descriptor: Int32

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

    static func tcp() throws -> Socket { try Socket(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)) }
    static func udp() throws -> Socket { try Socket(socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)) }

    private static func failure(_ what: String) -> TestKitError {
        TestKitError("\(what): \(String(cString: strerror(errno)))")
    }

    private static func with<Result>(_ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result
    {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = (address.ipv4Bits ?? 0).bigEndian
        return withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
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
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let accepted = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(descriptor, $0, &length) }
        }
        guard accepted >= 0 else { throw Self.failure("accept") }
        return (try Socket(accepted), IPAddress(ipv4: UInt32(bigEndian: name.sin_addr.s_addr)))
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
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var bytes = [UInt8](repeating: 0, count: 65536)
        return try withUnsafeMutablePointer(to: &name) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = recvfrom(descriptor, &bytes, bytes.count, 0, address, &length)
                guard count >= 0 else { throw Self.failure("receive") }
                guard sendto(descriptor, bytes, count, 0, address, length) == count else { throw Self.failure("send") }
            }
            return IPAddress(ipv4: UInt32(bigEndian: pointer.pointee.sin_addr.s_addr))
        }
    }
}
