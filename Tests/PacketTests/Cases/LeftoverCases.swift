import CLibBPF
import EgressModel
import EgressPlan
import Glibc
import Synchronization
import TestKit
import Testing

@testable import BPFDatapath

/// What a test leaves behind in the kernel: nothing. `.ci/run-tests` asks the same of the machine after all of them.
@Suite("Leftovers", .requires(.packet))
struct LeftoverCases {
    private struct Made: Sendable {
        var programs: [UInt32] = []
        var maps: [UInt32] = []
        var folder = ""
    }

    private static func id(_ descriptor: Int32) throws -> UInt32 {
        // struct bpf_prog_info and bpf_map_info begin alike: type, then id.
        var info: (UInt32, UInt32) = (0, 0)
        var length = UInt32(MemoryLayout.size(ofValue: info))
        guard bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 else {
            throw TestKitError("no info: \(String(cString: strerror(errno)))")
        }
        return info.1
    }

    private static func isGone(_ descriptor: Int32) -> Bool {
        guard descriptor >= 0 else { return true }
        close(descriptor)
        return false
    }

    /// What of it is there after five seconds; objects are freed a moment after the last interest in them ends.
    private static func left(of made: Made) -> [String] {
        for _ in 0..<100 where !now(made).isEmpty { usleep(50_000) }
        return now(made)
    }

    private static func now(_ made: Made) -> [String] {
        let programs = made.programs.filter { !isGone(bpf_prog_get_fd_by_id($0)) }.map { "program \($0)" }
        let maps = made.maps.filter { !isGone(bpf_map_get_fd_by_id($0)) }.map { "map \($0)" }
        let folders = access(made.folder, F_OK) == 0 ? [made.folder] : []
        let mounts = (FileText.read("/proc/self/mounts") ?? "").contains(made.folder) ? ["a mount on \(made.folder)"] : []
        return programs + maps + folders + mounts
    }

    private static func ids(_ datapath: BPFDatapath) throws -> Made {
        try datapath.withLoaded { loaded in
            var made = Made()
            for program in Attachment.Program.allCases { made.programs.append(try id(loaded.object.program(program.rawValue))) }
            made.maps = [try id(loaded.tables.pods.descriptor), try id(loaded.tables.config.descriptor)]
            return made
        }
    }

    @Test(arguments: AttachMode.available)
    func `pins, links, filters, programs and maps end with their namespaces`(_ mode: AttachMode) async throws {
        let made = try await Sandbox.run { bpffs in
            try Command.run(["ip", "link", "add", "pod0", "type", "veth", "peer", "name", "pod0p"])
            let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: mode)
            for program in Attachment.Program.allCases {
                try datapath.execute(.attach(Attachment(program: program, interfaceIndex: Int(if_nametoindex("pod0")))))
            }
            var made = try Self.ids(datapath)
            made.folder = bpffs
            return made
        }
        #expect(made.programs.count == Attachment.Program.allCases.count)
        #expect(Self.left(of: made) == [])
    }

    @Test func `so they do after a test that throws`() async throws {
        struct Failure: Error {}
        let seen = Mutex(Made())
        await #expect(throws: Failure.self) {
            try await Sandbox.run { bpffs in
                let datapath = try BPFDatapath.open(pinRoot: bpffs + "/kubectl-egress", attachMode: .clsact)
                var made = try Self.ids(datapath)
                made.folder = bpffs
                let all = made
                seen.withLock { $0 = all }
                throw Failure()
            }
        }
        #expect(Self.left(of: seen.withLock { $0 }) == [])
    }

    @Test func `the network namespace of a test ends with it`() async throws {
        let namespace = try await Sandbox.run { _ in try Self.namespace(of: "/proc/thread-self/ns/net") }
        for _ in 0..<100 where try Self.threadsNow().contains(namespace) { usleep(20_000) }
        #expect(try !Self.threadsNow().contains(namespace))
    }

    private static func namespace(of path: String) throws -> UInt64 {
        var about = stat()
        guard stat(path, &about) == 0 else { throw TestKitError("\(path): \(String(cString: strerror(errno)))") }
        return UInt64(about.st_ino)
    }

    /// The network namespaces of this process's threads.
    private static func threadsNow() throws -> Set<UInt64> {
        guard let folder = opendir("/proc/self/task") else { throw TestKitError("no /proc/self/task") }
        defer { closedir(folder) }
        var found: Set<UInt64> = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            // A thread may end while we look.
            if let number = try? namespace(of: "/proc/self/task/\(name)/ns/net") { found.insert(number) }
        }
        return found
    }
}
