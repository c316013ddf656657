// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// A netlink socket of the network namespace of the thread that made it. One caller at a time.
final class NetlinkSocket {
    /// What makes another socket of the same kind, in the same namespace.
    private let opener: () throws(NetlinkError) -> Int32
    private var descriptor: Int32
    private var sequence: UInt32 = 0
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// What one dump may be at most: a node's links and addresses, or a full routing table.
    private static let longestDump = 1 << 30
    private static let longestMessage = 1 << 20
    private static let attempts = 5

    /// - Parameter number: NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_SOCK_DIAG …
    convenience init(_ number: Int32 = NETLINK_ROUTE) throws(NetlinkError) {
        try self.init { () throws(NetlinkError) in try Self.openRaw(number) }
    }

    /// `opener` makes a socket; each is closed by this one.
    init(opener: @escaping () throws(NetlinkError) -> Int32) throws(NetlinkError) {
        self.opener = opener
        descriptor = try Self.prepared(try opener())
    }

    deinit { close(descriptor) }

    /// All answers to a dump, as `decode` understands them; `nil` leaves one out. Starts again when the kernel says
    /// that the dump is not consistent.
    func dump<T>(_ request: NetlinkRequest, _ decode: (NetlinkMessage) throws(NetlinkError) -> T?) throws(NetlinkError) -> [T] {
        for _ in 1..<Self.attempts {
            do throws(NetlinkError) {
                return try dumpOnce(request, decode)
            } catch .interrupted {
                try reopen()
            } catch .truncated(let length) where length <= Self.longestMessage {
                buffer = [UInt8](repeating: 0, count: length * 2)
                try reopen()
            }
        }
        return try dumpOnce(request, decode)
    }

    /// The one answer to a question.
    func ask(_ request: NetlinkRequest) throws(NetlinkError) -> NetlinkMessage {
        let number = try send(request)
        while true {
            for message in try receive() where message.sequence == number {
                if message.type == Int(NLMSG_ERROR) {
                    throw try message.refusal() ?? .malformed("an acknowledgement instead of an answer")
                }
                return message
            }
        }
    }

    /// A change; returns when the kernel has done it. The request carries NLM_F_ACK.
    func change(_ request: NetlinkRequest) throws(NetlinkError) {
        let number = try send(request)
        while true {
            for message in try receive() where message.sequence == number && message.type == Int(NLMSG_ERROR) {
                if let refusal = try message.refusal() { throw refusal }
                return
            }
        }
    }

    private func dumpOnce<T>(
        _ request: NetlinkRequest, _ decode: (NetlinkMessage) throws(NetlinkError) -> T?
    ) throws(NetlinkError) -> [T] {
        let number = try send(request)
        var found: [T] = []
        var isConsistent = true
        var length = 0
        while length < Self.longestDump {
            for message in try receive() where message.sequence == number {
                length += message.payload.count
                if message.flags & Int(NLM_F_DUMP_INTR) != 0 { isConsistent = false }
                switch message.type {
                case Int(NLMSG_DONE):
                    try Self.checkEnd(message)
                    guard isConsistent else { throw .interrupted }
                    return found
                case Int(NLMSG_ERROR):
                    throw try message.refusal() ?? .malformed("an acknowledgement instead of a list")
                default:
                    if let element = try decode(message) { found.append(element) }
                }
            }
        }
        throw .truncated(length: length)
    }

    /// NLMSG_DONE carries the error that ended the dump early.
    private static func checkEnd(_ message: NetlinkMessage) throws(NetlinkError) {
        guard let error = message.payload.load(Int32.self), error < 0 else { return }
        throw .refused(errno: error == .min ? .max : -error, text: nil)
    }

    private func send(_ request: NetlinkRequest) throws(NetlinkError) -> UInt32 {
        sequence &+= 1
        let bytes = request.encoded(sequence: sequence)
        let sent = retrying { Glibc.send(descriptor, bytes, bytes.count, 0) }
        guard sent == bytes.count else { throw .system(call: "send", errno: errno) }
        return sequence
    }

    private func receive() throws(NetlinkError) -> [NetlinkMessage] {
        let received = try NetlinkSocket.receive(descriptor, into: &buffer)
        return try NetlinkMessage.split(buffer[..<received])
    }

    private func reopen() throws(NetlinkError) {
        let fresh = try Self.prepared(try opener())
        close(descriptor)
        descriptor = fresh
    }
}

extension NetlinkSocket {
    private static func prepared(_ descriptor: Int32) throws(NetlinkError) -> Int32 {
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        // Without strict checking the kernel ignores the filters of a dump, IFA_TARGET_NETNSID among them.
        for option in [NETLINK_GET_STRICT_CHK, NETLINK_EXT_ACK] {
            guard turnOn(option, descriptor) else {
                let error = errno
                close(descriptor)
                throw .system(call: "setsockopt(SOL_NETLINK, \(option))", errno: error)
            }
        }
        return descriptor
    }

    static func openRaw(_ number: Int32 = NETLINK_ROUTE) throws(NetlinkError) -> Int32 {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), number)
        guard descriptor >= 0 else { throw .system(call: "socket(AF_NETLINK, \(number))", errno: errno) }
        // Groups send nothing to a socket without a number of its own: it is the kernel's, 0, which they leave out.
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        let bound = withUnsafeBytes(of: &address) { bytes in
            bind(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard bound == 0 else {
            let error = errno
            close(descriptor)
            throw .system(call: "bind(AF_NETLINK)", errno: error)
        }
        return descriptor
    }

    static func turnOn(_ option: Int32, _ descriptor: Int32) -> Bool {
        var one: Int32 = 1
        return setsockopt(descriptor, SOL_NETLINK, option, &one, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// One datagram from the kernel; those of other processes are passed over. Returns its length.
    static func receive(_ descriptor: Int32, into buffer: inout [UInt8], flags: Int32 = 0) throws(NetlinkError) -> Int {
        let capacity = buffer.count
        while true {
            var sender = sockaddr_nl()
            var senderLength = socklen_t(MemoryLayout<sockaddr_nl>.size)
            let received = retrying {
                withUnsafeMutableBytes(of: &sender) { address in
                    recvfrom(
                        descriptor, &buffer, capacity, flags | Int32(MSG_TRUNC),
                        address.baseAddress?.assumingMemoryBound(to: sockaddr.self), &senderLength)
                }
            }
            if received < 0 { throw failure(errno) }
            guard sender.nl_pid == 0 else { continue }
            guard received <= capacity else { throw .truncated(length: received) }
            return received
        }
    }

    private static func failure(_ code: Int32) -> NetlinkError {
        switch code {
        case EAGAIN: .timeout
        case ENOBUFS: .interrupted
        default: .system(call: "recv", errno: code)
        }
    }
}

/// Repeats a system call that a signal interrupted.
func retrying(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
