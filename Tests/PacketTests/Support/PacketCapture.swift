import CLibBPF
import Glibc
import TestKit

/// Frames that pass an interface of the namespace in which it was made (packet(7)).
final class PacketCapture {
    private let descriptor: Int32

    /// - Parameter index: of the interface.
    init(_ index: Int) throws {
        let everything = UInt16(0x0003).bigEndian
        descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Int32(everything))
        guard descriptor >= 0 else { throw TestKitError("no packet socket: \(String(cString: strerror(errno)))") }
        var room: Int32 = 8 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
        var patience = timeval(tv_sec: 0, tv_usec: 200_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        // struct sockaddr_ll: family, protocol, interface, and what a listener leaves zero.
        var name = [UInt8](repeating: 0, count: 20)
        let result = name.withUnsafeMutableBytes { room in
            room.storeBytes(of: UInt16(AF_PACKET), toByteOffset: 0, as: UInt16.self)
            room.storeBytes(of: everything, toByteOffset: 2, as: UInt16.self)
            room.storeBytes(of: Int32(index), toByteOffset: 4, as: Int32.self)
            return bind(descriptor, room.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(room.count))
        }
        guard result == 0 else { throw TestKitError("bind: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Everything that was seen, until nothing came for a fifth of a second.
    func frames() -> [[UInt8]] {
        var all: [[UInt8]] = []
        var room = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = recv(descriptor, &room, room.count, 0)
            guard count > 0 else { return all }
            all.append(Array(room[..<count]))
        }
    }
}

/// What devices do for the kernel; without it every frame on them is whole and has its own checksums.
enum Offload {
    /// Turns checksums and segmentation by the device off (ethtool's ioctls).
    static func disable(_ interface: String) throws {
        let (checksums, segmentation, general): (UInt32, UInt32, UInt32) = (0x17, 0x1f, 0x24)
        for command in [segmentation, general, checksums] {
            var value = (command, UInt32(0))
            let result = withUnsafeMutableBytes(of: &value) { ask(interface, $0.baseAddress) }
            guard result == 0 else { throw TestKitError("ethtool \(interface): \(String(cString: strerror(errno)))") }
        }
    }

    private static func ask(_ interface: String, _ value: UnsafeMutableRawPointer?) -> Int32 {
        let siocethtool: UInt = 0x8946
        // struct ifreq: a name of 16 octets, then a pointer.
        var request = [UInt8](repeating: 0, count: 40)
        for (at, octet) in interface.utf8.prefix(15).enumerated() { request[at] = octet }
        let any = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(any) }
        return request.withUnsafeMutableBytes { room in
            room.storeBytes(of: value, toByteOffset: 16, as: UnsafeMutableRawPointer?.self)
            guard let start = room.baseAddress else { return -1 }
            return ioctl(any, siocethtool, start)
        }
    }
}
