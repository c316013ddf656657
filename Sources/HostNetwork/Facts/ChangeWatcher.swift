// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc

/// Waits, on a thread of its own, for changes of links, addresses, routes, filters and netfilter's rules, and says so; bursts
/// are one word.
///
/// What happens inside a pod's namespace is news here only with CAP_NET_BROADCAST (NETLINK_LISTEN_ALL_NSID). Without it,
/// a pod that is given its address after its veth was moved would stay unseen, so links that have no address yet are looked
/// at again for a second after each change of a link.
final class ChangeWatcher: Sendable {
    private let continuation: AsyncStream<Void>.Continuation
    private let sockets: [Int32]
    private let stop: Int32
    /// Reads the rules of netfilter for whoever asks for facts.
    private let forward: ForwardReader?

    private static let quiet: Int32 = 15
    private static let longestBurst: Int64 = 60
    private static let secondLooks: [Int64] = [50, 200, 1000]
    /// Where the kernel gave us no socket to listen on.
    private static let blindTick: Int64 = 2000

    /// Both namespaces' sockets are those of the calling thread, and so is the thread that reads them.
    private init(_ continuation: AsyncStream<Void>.Continuation, _ forward: ForwardReader?, hearsOtherNamespaces: Bool) {
        self.continuation = continuation
        self.forward = forward
        let own = Self.listen([
            RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_TC,
        ])
        let others = hearsOtherNamespaces ? Self.listen([RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR], everywhere: true) : nil
        sockets = [own, others, Self.listenToNetfilter()].compactMap { $0 }
        stop = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit { (sockets + [stop]).forEach { close($0) } }

    static func changes(hearsOtherNamespaces: Bool = true, forward: ForwardReader? = nil) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let watcher = ChangeWatcher(continuation, forward, hearsOtherNamespaces: hearsOtherNamespaces)
        continuation.onTermination = { _ in eventfd_write(watcher.stop, 1) }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(watcher)
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ChangeWatcher>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        if failure == 0 {
            pthread_detach(thread)
        } else {
            argument.release()
            continuation.finish()
        }
        return stream
    }

    /// One message at least with every change of nftables' rules.
    private static func listenToNetfilter() -> Int32? {
        guard let descriptor = try? NetlinkSocket.openRaw(NETLINK_NETFILTER) else { return nil }
        var group = Int32(clamping: NFNLGRP_NFTABLES.rawValue)
        let length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, length) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func listen(_ groups: [rtnetlink_groups], everywhere: Bool = false) -> Int32? {
        guard let descriptor = try? NetlinkSocket.openRaw() else { return nil }
        let joined = groups.allSatisfy { group in
            var number = Int32(clamping: group.rawValue)
            return setsockopt(descriptor, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &number, socklen_t(MemoryLayout<Int32>.size)) == 0
        }
        if joined, !everywhere || NetlinkSocket.turnOn(NETLINK_LISTEN_ALL_NSID, descriptor) { return descriptor }
        close(descriptor)
        return nil
    }
}

extension ChangeWatcher {
    private func run() {
        defer { continuation.finish() }
        var listening = sockets
        var waiting = unaddressedLinks()
        var looks = Self.looks(waiting)
        var legacy = LegacyPoll(now())
        continuation.yield()
        while true {
            let tick = listening.isEmpty ? Self.blindTick : LegacyPoll.interval
            guard let ready = wait(listening, milliseconds: looks.first.map { max(0, $0 - now()) } ?? tick) else { return }
            if legacy.hasChanged(now()) || (ready.isEmpty && forward?.isBehind == true) { continuation.yield() }
            if !ready.isEmpty {
                guard let sawLinks = settle(&listening, ready) else { return }
                continuation.yield()
                if sawLinks {
                    waiting = unaddressedLinks()
                    looks = Self.looks(waiting)
                }
            } else if listening.isEmpty {
                continuation.yield()
            }
            if let due = looks.first, due <= now() {
                looks.removeFirst()
                let still = unaddressedLinks()
                if still != waiting { continuation.yield() }
                if still.isEmpty { looks = [] }
                waiting = still
            }
        }
    }

    private static func looks(_ waiting: Set<Int>) -> [Int64] {
        waiting.isEmpty ? [] : secondLooks.map { now() + $0 }
    }

    /// Reads until nothing came for a moment. Whether a link changed; `nil` when the stream has ended.
    private func settle(_ listening: inout [Int32], _ first: [Int32]) -> Bool? {
        let end = now() + Self.longestBurst
        var ready = first
        var sawLinks = false
        while !ready.isEmpty {
            for descriptor in ready {
                switch Self.drain(descriptor) {
                case .some(let links): sawLinks = sawLinks || links
                case nil: listening.removeAll { $0 == descriptor }
                }
            }
            if now() >= end { break }
            guard let next = wait(listening, milliseconds: Int64(Self.quiet)) else { return nil }
            ready = next
        }
        return sawLinks
    }

    /// Sockets with news, none at the end of the time; `nil` when the stream has ended.
    private func wait(_ listening: [Int32], milliseconds: Int64?) -> [Int32]? {
        var polled = ([stop] + listening).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let ready = poll(&polled, nfds_t(polled.count), milliseconds.map { Int32(clamping: $0) } ?? -1)
        guard ready > 0 else { return [] }
        if let first = polled.first, first.revents != 0 { return nil }
        return polled.filter { $0.revents != 0 }.map(\.fd)
    }

    /// Whether the news are of links; lost ones (ENOBUFS) may be. `nil` when the socket is of no more use.
    private static func drain(_ descriptor: Int32) -> Bool? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var sawLinks = false
        for _ in 0..<4096 {
            do throws(NetlinkError) {
                let count = try NetlinkSocket.receive(descriptor, into: &buffer, flags: Int32(MSG_DONTWAIT))
                let messages = try NetlinkMessage.split(buffer[..<count])
                sawLinks = sawLinks || messages.contains { $0.type == Int(RTM_NEWLINK) || $0.type == Int(RTM_DELLINK) }
            } catch .timeout {
                return sawLinks
            } catch .system {
                return nil
            } catch {
                sawLinks = true
            }
        }
        return sawLinks
    }

    /// Veths that lead into another namespace and no address is known behind.
    private func unaddressedLinks() -> Set<Int> {
        do throws(NetlinkError) {
            let socket = try NetlinkSocket()
            let links = try socket.links()
            let known = Set(try socket.podDevices(links).map(\.index))
            return Set(links.filter { $0.namespaceOfPeer != nil }.map(\.index)).subtracting(known)
        } catch {
            // Whoever reads the facts meets the same error, and can say it.
            return []
        }
    }
}

/// Milliseconds of the monotonic clock.
private func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
