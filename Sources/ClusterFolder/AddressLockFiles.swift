import EgressModel
import EgressPorts
import Glibc

/// Locks of addresses as files, each with its holder's name in it, in a folder that is no place for manifests.
///
/// The file is made whole and then linked to its name, so it is never seen empty and the second to come finds it there.
/// Whatever goes on from what it says runs under the writers' lock.
struct AddressLockFiles {
    private let folder: PrivateFolder
    private let path: String

    init(in folder: PrivateFolder) throws {
        self.folder = folder
        path = folder.path + "/addresses"
        do {
            try SystemCall.check("can't make \(path)") { mkdir(path, 0o700) }
        } catch let error as SystemError where error.code == EEXIST {
            // Made before.
        }
    }

    /// - Parameter isGone: whether a lock's holder will not come back for it.
    func hold(_ address: IPAddress, node: String, isGone: (String) -> Bool) async throws -> AddressLock {
        let file = file(of: address)
        return try await folder.locked {
            try AtomicFile.create(Array("\(node)\n".utf8), at: file, mode: 0o600)
            guard let holder = try holder(file) else { throw ClusterError("\(file) vanished while it was made") }
            if holder == node { return .held }
            guard isGone(holder) else { return .heldBy(node: holder) }
            try AtomicFile.write("\(node)\n", to: file, mode: 0o600)
            return .held
        }
    }

    func release(_ address: IPAddress, node: String) async throws {
        let file = file(of: address)
        try await folder.locked {
            guard try holder(file) == node else { return }
            try SystemCall.check("can't remove \(file)") { unlink(file) }
        }
    }

    func addresses(of node: String) throws -> Set<IPAddress> {
        var held: Set<IPAddress> = []
        for name in try names() {
            guard let address = AddressLock.address(named: name), try holder(path + "/" + name) == node else { continue }
            held.insert(address)
        }
        return held
    }

    private func file(of address: IPAddress) -> String { path + "/" + AddressLock.name(of: address) }

    /// `nil` when there is no lock.
    private func holder(_ file: String) throws -> String? {
        do {
            let bytes = try withFile(file, O_RDONLY | O_NOFOLLOW) { try readAll($0, path: file, limit: 4096) }
            return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        } catch let error as SystemError where error.code == ENOENT {
            return nil
        }
    }

    private func names() throws -> [String] {
        guard let stream = opendir(path) else { throw SystemError(code: errno, what: "can't read the folder \(path)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
