// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// Network namespaces of pods, found without asking a runtime: by the number that the veth gives its other end's, and
/// whatever names such a namespace, a file under /run/netns or a process in /proc.
struct PodNamespaces {
    /// Folders whose files are namespaces, as `ip netns` and CNI runtimes keep them.
    var folders = ["/run/netns"]
    var processes = "/proc"

    /// A descriptor of the namespace, which is the caller's.
    ///
    /// - Throws: what is missing; a helper without the host's processes in sight finds none, one without CAP_SYS_PTRACE
    ///   and CAP_SYS_ADMIN may not open them.
    func open(number: Int32, _ netlink: NetlinkSocket) throws(HostNetworkError) -> Int32 {
        var refusal: Int32?
        for path in candidates() {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                if errno == EACCES || errno == EPERM { refusal = errno }
                continue
            }
            if (try? netlink.namespaceNumber(descriptor: descriptor)) == number { return descriptor }
            close(descriptor)
        }
        throw HostNetworkError(
            "no process and no file of the pod's network namespace can be opened", errno: refusal,
            hint: refusal == nil ? "the helper must see the host's processes: hostPID" : "the helper needs CAP_SYS_ADMIN and CAP_SYS_PTRACE"
        )
    }

    private func candidates() -> [String] {
        let files = folders.flatMap { folder in names(in: folder).map { "\(folder)/\($0)" } }
        return files + names(in: processes).filter { $0.utf8.allSatisfy { (48...57).contains($0) } }.map { "\(processes)/\($0)/ns/net" }
    }

    private func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }
}

extension NetlinkSocket {
    /// RTM_GETNSID: the number that a namespace has in this one; `nil` when it has none. `ip netns list-id`
    func namespaceNumber(descriptor: Int32) throws(NetlinkError) -> Int32? {
        var request = NetlinkRequest(Int(RTM_GETNSID), rtgenmsg(rtgen_family: UInt8(AF_UNSPEC)))
        request.add(Int(NETNSA_FD), number: descriptor)
        let answer = try ask(request)
        // The header is one byte, padded to four.
        let attributes = try Attribute.parse(answer.payload.dropFirst(aligned(MemoryLayout<rtgenmsg>.size)))
        guard let number = try attributes.last(Int(NETNSA_NSID))?.number(Int32.self), number >= 0 else { return nil }
        return number
    }
}
