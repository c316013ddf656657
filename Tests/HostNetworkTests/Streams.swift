// SPDX-License-Identifier: Apache-2.0
import EgressModel
import Glibc

@testable import HostNetwork

/// A TCP connection between two namespaces; both ends are closed with it.
final class StreamPair {
    private var descriptors: [Int32]
    let clientPort: UInt16

    /// `server` listens on every address; the client connects to `address`, which may be another's that leads there.
    init(from client: Namespace, to server: Namespace, _ address: String, port: UInt16, listenOn listening: UInt16? = nil) throws {
        guard let address = IPAddress(address) else { throw HostNetworkError("\(address) is no address") }
        let anywhere = address.family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6: 0)
        let listener = try server.run {
            let descriptor = try stream(address.family)
            guard withSocketAddress(anywhere, listening ?? port, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 4) == 0 else {
                throw HostNetworkError("listen", errno: errno)
            }
            return descriptor
        }
        let (connected, own) = try client.run {
            let descriptor = try stream(address.family)
            guard withSocketAddress(address, port, { connect(descriptor, $0, $1) }) == 0 else {
                throw HostNetworkError("connect", errno: errno)
            }
            var name = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            _ = withUnsafeMutableBytes(of: &name) { bytes in
                getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
            }
            return (descriptor, UInt16(bigEndian: name.sin6_port))
        }
        clientPort = own
        descriptors = [listener, connected, accept(listener, nil, nil)]
    }

    /// Whether what the client sends arrives at the server.
    func echoes(_ text: String) throws -> Bool {
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptors[2], SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(text.utf8)
        guard send(descriptors[1], bytes, bytes.count, 0) == bytes.count else { throw HostNetworkError("send", errno: errno) }
        var received = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptors[2], &received, received.count, 0)
        return count == bytes.count && Array(received.prefix(count)) == bytes
    }

    deinit { descriptors.forEach { close($0) } }
}

/// An address that the test wrote itself.
func ip(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}

private func stream(_ family: IPFamily) throws -> Int32 {
    let descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw HostNetworkError("socket", errno: errno) }
    var patience = timeval(tv_sec: 3, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return descriptor
}

private func withSocketAddress<T>(_ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_in6>.size)
    let family = UInt16(clamping: address.family == .ipv4 ? AF_INET : AF_INET6)
    withUnsafeBytes(of: family) { bytes.replaceSubrange(0..<2, with: $0) }
    withUnsafeBytes(of: port.bigEndian) { bytes.replaceSubrange(2..<4, with: $0) }
    let place = address.family == .ipv4 ? 4 : 8
    bytes.replaceSubrange(place..<place + address.octets.count, with: address.octets)
    let length = address.family == .ipv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
    return bytes.withUnsafeBytes { raw in
        guard let base = raw.baseAddress else { preconditionFailure("an empty address") }
        return body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
    }
}
