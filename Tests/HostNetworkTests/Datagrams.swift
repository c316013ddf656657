// SPDX-License-Identifier: Apache-2.0
import EgressModel
import Glibc

@testable import HostNetwork

/// A UDP socket over IPv4 in a namespace; it stays there, whichever thread uses it.
final class DatagramSocket {
    private let descriptor: Int32

    init(_ namespace: Namespace, port: UInt16) throws {
        descriptor = try namespace.run {
            let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let bound = withAddress(IPAddress(ipv4: 0), port) { bind(descriptor, $0, $1) }
            guard bound == 0 else { throw HostNetworkError("bind", errno: errno) }
            return descriptor
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String, to address: String, port: UInt16) throws {
        guard let address = IPAddress(address) else { throw HostNetworkError("\(address) is no address") }
        let bytes = Array(text.utf8)
        let sent = withAddress(address, port) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
        // EPERM is what a sender on the same node sees of a drop.
        guard sent == bytes.count || errno == EPERM else { throw HostNetworkError("sendto", errno: errno) }
    }

    /// `nil` when nothing came in time.
    func receive(milliseconds: Int = 400) -> String? {
        var patience = timeval(tv_sec: 0, tv_usec: milliseconds * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count >= 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}

private func withAddress<T>(_ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var given = sockaddr_in()
    given.sin_family = sa_family_t(AF_INET)
    given.sin_port = port.bigEndian
    given.sin_addr.s_addr = (address.ipv4Bits ?? 0).bigEndian
    return withUnsafePointer(to: given) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}
