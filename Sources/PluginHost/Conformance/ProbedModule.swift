// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import Glibc

/// Loads a module and looks at its table before anything of it is used.
struct ProbedModule {
    private typealias Entry = @convention(c) () -> UnsafePointer<egress_plugin>?

    private let task: ProbeTask
    private let voice: ProbeVoice
    private let entry: Entry
    private let theirs: UnsafePointer<egress_plugin>

    private static let least = MemoryLayout<egress_plugin>.offset(of: \egress_plugin.facts) ?? 0

    init(path: String, voice: ProbeVoice, task: ProbeTask) throws(ProbeEnd) {
        voice.say(.step("load", milliseconds: task.milliseconds * 5 / 2))
        dlerror()
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw .failed("can't be loaded: \(Self.loaderText())", "link every library that it uses (ldd says which are missing)")
        }
        guard let symbol = dlsym(handle, "egress_plugin_v1") else {
            throw .failed(
                "has no symbol egress_plugin_v1",
                "define const struct egress_plugin *egress_plugin_v1(void) with default visibility, in C++ as extern \"C\"")
        }
        // Safe because the header gives the symbol of this name this type.
        entry = unsafeBitCast(symbol, to: Entry.self)
        voice.say(.step("egress_plugin_v1", milliseconds: task.milliseconds))
        guard let theirs = entry() else { throw .failed("egress_plugin_v1 returned NULL", "return the address of a static table") }
        (self.task, self.voice, self.theirs) = (task, voice, theirs)
    }

    func check() throws(ProbeEnd) {
        switch task.check {
        case .load: return
        case .sameTable: try checkSameTable()
        case .table: try checkTable()
        default: try Probe(task: task, table: try copied(), voice: voice).check()
        }
    }

    private static func loaderText() -> String { printable(dlerror().map { String(cString: $0) } ?? "no reason given") }

    /// min(size, ours) in the middle of zeros; only then is any other field read.
    private func copied() throws(ProbeEnd) -> egress_plugin {
        let raw = UnsafeRawPointer(theirs)
        let size = raw.loadUnaligned(as: Int.self)
        guard size >= Self.least, size <= 4096 else {
            throw .failed(
                "says that its table has \(UInt(bitPattern: size)) bytes; the host takes \(Self.least) to 4096",
                "set .size = sizeof(struct egress_plugin)")
        }
        var table = egress_plugin()
        withUnsafeMutableBytes(of: &table) { $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: min(size, $0.count))) }
        return table
    }

    private func checkSameTable() throws(ProbeEnd) {
        let first = try copied()
        voice.say(.step("egress_plugin_v1 again", milliseconds: task.milliseconds))
        guard entry() == theirs else {
            throw .failed("egress_plugin_v1 returned another address the second time", "return the address of one static table")
        }
        var again = try copied()
        var before = first
        let isSame = withUnsafeBytes(of: &before) { a in withUnsafeBytes(of: &again) { b in a.elementsEqual(b) } }
        guard isSame else { throw .failed("the table changed between two calls of egress_plugin_v1", "make the table const") }
    }

    private func checkTable() throws(ProbeEnd) {
        let table = try copied()
        guard table.abi >= EGRESS_PLUGIN_ABI else {
            throw .failed("was compiled for version \(table.abi) of the interface", "set .abi = EGRESS_PLUGIN_ABI")
        }
        guard let name = Self.text(table.name, atMost: 63), LoadedModule.isName(name) else {
            throw .failed(
                "has no proper name", "set .name to small letters, digits, '-' and '.', at most 63: it is what policies say as strategy")
        }
        guard let version = Self.text(table.version, atMost: 64) else {
            throw .failed("has no version, or one longer than 64 bytes", "set .version to a short text for people")
        }
        voice.say(.module(name: name, version: printable(version)))
        guard table.open != nil, table.resolve != nil else {
            throw .failed("has no \(table.open == nil ? "open" : "resolve")", "every module needs open, resolve and close")
        }
        try checkVersion(table)
    }

    private func checkVersion(_ table: egress_plugin) throws(ProbeEnd) {
        let size = theirs.pointee.size
        if table.abi > EGRESS_PLUGIN_ABI || size > MemoryLayout<egress_plugin>.size {
            warn(
                "is newer than this program: version \(table.abi), table of \(size) bytes",
                "check it with a newer egress-helper too; what this one doesn't know it can't check")
        } else {
            guard table.flags == 0 else { throw .failed("has flags \(table.flags); version 1 knows none", "set .flags = 0") }
        }
        if size < MemoryLayout<egress_plugin>.size {
            warn(
                "has a table of \(size) bytes; version \(table.abi) has \(MemoryLayout<egress_plugin>.size)",
                "set .size = sizeof(struct egress_plugin): the host sees functions behind the end as missing")
        } else {
            guard table.close != nil else { throw .failed("has no close", "every module needs open, resolve and close") }
        }
    }

    private func warn(_ what: String, _ advice: String) {
        voice.say(.finding(ConformanceFinding(what: what, advice: advice), about: task.check, isWarning: true))
    }

    private static func text(_ pointer: UnsafePointer<CChar>?, atMost limit: Int) -> String? {
        guard let pointer else { return nil }
        let count = strnlen(pointer, limit + 1)
        guard (1...limit).contains(count) else { return nil }
        return String(validating: UnsafeBufferPointer(start: pointer, count: count), as: UTF8.self)
    }
}
