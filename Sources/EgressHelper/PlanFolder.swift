import EgressPlan
import EgressWire
import Glibc
import JSONText

/// Keeps the plan over restarts of the helper: one file a revision, for root only since it holds the tunnel's tokens.
///
/// A plan is written before it is taken on, and the kernel keeps the revision in force; so after a crash at any point
/// the file of that revision is the plan in force. Files of other revisions are leftovers.
struct PlanFolder: Sendable {
    let folder: String
    let node: String

    /// `nil` when there is no such file, or it isn't a plan.
    func plan(revision: UInt64) -> NodePlan? {
        guard revision > 0, let bytes = readFile(path(revision), limit: WireLimits.planLine) else { return nil }
        guard let value = try? JSONValue(parsing: bytes, limits: JSONLimits(depth: WireLimits.depth)),
            let stored = try? PlanRequest(wire: JSONReader(value)), stored.revision == revision
        else { return nil }
        return stored.plan
    }

    func store(_ plan: NodePlan, revision: UInt64) throws {
        try writeFile(path(revision), Array(PlanRequest(revision: revision, plan: plan).wire.text().utf8))
    }

    func removeAll(except revision: UInt64) {
        let kept = name(revision)
        for entry in entries() where entry != kept && isPlan(entry) { unlink("\(folder)/\(entry)") }
    }

    /// Whether there is one of any revision.
    var hasPlan: Bool { entries().contains(where: isPlan) }

    private func isPlan(_ entry: String) -> Bool { entry.hasPrefix("plan.\(node).") && entry.hasSuffix(".json") }

    /// Counts one more start; returns how many there were before since the node booted (the folder is in memory).
    func countStart() throws -> Int {
        let path = "\(folder)/starts.\(node)"
        let before = readFile(path, limit: 32).flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        let (count, overflow) = before.addingReportingOverflow(1)
        try writeFile(path, Array(String(overflow ? before : count).utf8))
        return max(0, before)
    }

    func make() throws {
        if mkdir(folder, 0o755) != 0, errno != EEXIST {
            throw failure("make the folder \(folder)", errno)
        }
    }

    private func name(_ revision: UInt64) -> String { "plan.\(node).\(revision).json" }
    private func path(_ revision: UInt64) -> String { "\(folder)/\(name(revision))" }

    private func entries() -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            names.append(name)
        }
        return names
    }

    private func readFile(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }

    /// Whole or not at all: a new file takes the old one's place.
    private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("write \(temporary)", errno) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw failure("write \(temporary)", errno) }
            rest = rest.dropFirst(max(0, count))
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw failure("write \(path)", errno) }
    }

    private func failure(_ what: String, _ code: CInt) -> HelperError {
        let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        return HelperError(
            code: "internal", message: "can't \(what): \(reason)",
            hint: "the helper keeps its plan there; give a folder that it can write with --state-dir")
    }
}
