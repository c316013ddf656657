import Glibc

/// Who is at the other end, as the kernel noted it when it connected (`unix(7)`, `SO_PEERCRED` and `SO_PEERGROUPS`).
struct PeerCredentials: Sendable, Hashable {
    var pid: Int32
    var uid: UInt32
    /// The primary group, then the others.
    var groups: [UInt32]

    /// `nil` when the kernel doesn't say: then nobody is trusted.
    init?(socket: CInt) {
        // `struct ucred`, which Glibc's module leaves out: pid, uid, gid.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, .max, .max)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else { return nil }
        pid = credentials.pid
        uid = credentials.uid
        groups = [credentials.gid] + Self.otherGroups(socket)
    }

    init(pid: Int32, uid: UInt32, groups: [UInt32]) {
        self.pid = pid
        self.uid = uid
        self.groups = groups
    }

    /// Linux 4.13; with a buffer that is too small the kernel says how much it needs, which is more than we look at.
    private static func otherGroups(_ socket: CInt) -> [UInt32] {
        let soPeerGroups: CInt = 59
        var groups = [gid_t](repeating: 0, count: 1024)
        var size = socklen_t(groups.count * MemoryLayout<gid_t>.stride)
        guard getsockopt(socket, SOL_SOCKET, soPeerGroups, &groups, &size) == 0 else { return [] }
        return Array(groups.prefix(Int(size) / MemoryLayout<gid_t>.stride))
    }
}

/// What a peer may ask for.
enum PeerAccess: Sendable, Hashable {
    case none
    case read
    case change

    /// Changing: uid 0 and the agent. Reading: the socket's group too.
    init(_ peer: PeerCredentials?, agentUID: UInt32?, group: UInt32) {
        guard let peer else {
            self = .none
            return
        }
        if peer.uid == 0 || peer.uid == agentUID {
            self = .change
        } else {
            self = peer.groups.contains(group) ? .read : .none
        }
    }
}
