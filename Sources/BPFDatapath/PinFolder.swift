import CEgressABI
import CEgressShims
import CLibBPF
import Glibc

/// Where maps, programs and links are pinned: `<root>/v<abi>/`, on a BPF file system.
struct PinFolder {
    let maps: String
    var programs: String { maps + "/programs" }
    var links: String { maps + "/links" }

    /// Makes the folders; the root must be on a BPF file system that the caller mounted.
    static func prepare(root: String) throws -> PinFolder {
        let folder = PinFolder(maps: "\(root)/v\(EGRESS_ABI_VERSION)")
        try makeFolder(root)
        guard try kernelCall("\(root) can't be examined", { egress_on_bpffs(root) }) == 1 else {
            throw DatapathError(
                "\(root) is not on a BPF file system", hint: "mount -t bpf bpf /sys/fs/bpf, and give a folder below it")
        }
        for path in [folder.maps, folder.programs, folder.links] { try makeFolder(path) }
        return folder
    }

    private static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw DatapathError("folder \(path) can't be made", errno: errno)
    }

    /// Pins a program in place of an earlier one of that name.
    func pinProgram(_ name: String, _ descriptor: Int32) throws {
        let path = "\(programs)/\(name)"
        // A BPF file system refuses names with a dot.
        let new = path + "-new"
        unlink(new)
        try kernelCall("program \(name) can't be pinned at \(new)") { bpf_obj_pin(descriptor, new) }
        guard rename(new, path) == 0 else { throw DatapathError("program \(name) can't be pinned at \(path)", errno: errno) }
    }
}
