import Dispatch
import EgressModel
import Glibc

/// Addresses of a name by this machine's resolver (getaddrinfo, so hosts files and search domains count), each once.
@Sendable func resolveHostHere(_ name: String) async -> [IPAddress] {
    await withCheckedContinuation { continuation in
        // The call blocks for as long as a name server takes.
        DispatchQueue.global().async { continuation.resume(returning: addresses(of: name)) }
    }
}

private func addresses(of name: String) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0, let list else { return [] }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    for entry in sequence(first: list, next: { $0.pointee.ai_next }) {
        guard let address = address(entry.pointee), !found.contains(address) else { continue }
        found.append(address)
    }
    return found
}

private func address(_ entry: addrinfo) -> IPAddress? {
    guard let socketAddress = entry.ai_addr else { return nil }
    switch entry.ai_family {
    case AF_INET where entry.ai_addrlen >= socklen_t(MemoryLayout<sockaddr_in>.size):
        return socketAddress.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
            withUnsafeBytes(of: pointer.pointee.sin_addr) { IPAddress(octets: Array($0)) }
        }
    case AF_INET6 where entry.ai_addrlen >= socklen_t(MemoryLayout<sockaddr_in6>.size):
        return socketAddress.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
            withUnsafeBytes(of: pointer.pointee.sin6_addr) { IPAddress(octets: Array($0)) }
        }
    default: return nil
    }
}
