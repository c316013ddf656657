import EgressModel
import Glibc
import TestKit

/// What sockets know of the path to their peer.
extension Socket {
    private func set(_ family: IPFamily, _ ipv4: Int32, _ ipv6: Int32, _ value: Int32) throws {
        var value = value
        let (level, name) = family == .ipv4 ? (Int32(IPPROTO_IP), ipv4) : (Int32(IPPROTO_IPV6), ipv6)
        guard setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw TestKitError("setsockopt: \(String(cString: strerror(errno)))")
        }
    }

    /// Sends nothing that would have to be cut: IP_MTU_DISCOVER is IP_PMTUDISC_DO.
    func neverFragments(_ family: IPFamily) throws { try set(family, 10, 23, 2) }

    /// Errors from the path are the next call's: IP_RECVERR.
    func hearsErrors(_ family: IPFamily) throws { try set(family, 11, 25, 1) }

    func setHops(_ family: IPFamily, _ hops: Int32) throws { try set(family, 2, 16, hops) }

    /// What the kernel knows of the path to the peer, in octets: IP_MTU.
    func pathMTU(_ family: IPFamily) throws -> Int {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let (level, name) = family == .ipv4 ? (Int32(IPPROTO_IP), Int32(14)) : (Int32(IPPROTO_IPV6), Int32(24))
        guard getsockopt(descriptor, level, name, &value, &size) == 0 else {
            throw TestKitError("getsockopt: \(String(cString: strerror(errno)))")
        }
        return Int(value)
    }

    /// How long a call waits.
    func setPatience(milliseconds: Int) {
        var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The next datagram; its sender is the peer from then on.
    func receiveAndConnect() throws -> [UInt8] {
        var name = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var bytes = [UInt8](repeating: 0, count: 65536)
        return try withUnsafeMutablePointer(to: &name) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = recvfrom(descriptor, &bytes, bytes.count, 0, address, &length)
                guard count >= 0, Glibc.connect(descriptor, address, length) == 0 else {
                    throw TestKitError("receive: \(String(cString: strerror(errno)))")
                }
                return Array(bytes.prefix(count))
            }
        }
    }

    /// Sends `bytes` until the peer sends them back, as a program does that uses UDP: one may be lost while sizes are learnt.
    func exchange(_ bytes: [UInt8], with peer: Socket) throws -> IPAddress {
        setPatience(milliseconds: 300)
        peer.setPatience(milliseconds: 300)
        for _ in 0..<5 {
            try? send(bytes)
            guard let address = try? peer.echoDatagram(), let back = try? receive(exactly: bytes.count), back == bytes else { continue }
            return address
        }
        throw TestKitError("\(bytes.count) octets don't come back")
    }

    /// The error that the path tells about the next datagram, as errno; 0 when none comes.
    func errorOf(_ bytes: [UInt8]) throws -> Int32 {
        try send(bytes)
        var room = [UInt8](repeating: 0, count: 16)
        return recv(descriptor, &room, room.count, 0) < 0 && errno != EAGAIN ? errno : 0
    }
}
