// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import EgressPlan
import Glibc

/// A module in this process. Loaded once, never unloaded. One thread.
final class LoadedModule {
    let description: ModuleDescription
    private let table: egress_plugin
    private let host: UnsafeMutablePointer<egress_host>
    /// Open instances by configuration, the one used last at the end.
    private var instances: [(config: String, instance: ModuleInstance)] = []

    private static let entry = "egress_plugin_v1"
    private static let mostInstances = 64

    init(path: String) throws(HelperError) {
        guard path.hasPrefix("/") else { throw Self.failed("'\(path)' is not an absolute path") }
        dlerror()
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else { throw Self.failed("can't be loaded: \(Self.loaderText())") }
        guard let symbol = dlsym(handle, Self.entry) else {
            throw Self.failed("is no module: it has no symbol \(Self.entry)")
        }
        // Safe because the header gives the symbol of this name this type.
        let entry = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<egress_plugin>?).self)
        guard let theirs = entry() else { throw Self.failed("is no module: \(Self.entry) returned NULL") }
        table = try Self.copied(theirs)
        description = try Self.described(table)
        // Lives until the process ends, as the header promises.
        host = UnsafeMutablePointer<egress_host>.allocate(capacity: 1)
        host.initialize(
            to: egress_host(
                size: MemoryLayout<egress_host>.size, context: nil,
                log: { _, level, message in
                    guard let message else { return }
                    ModuleLog.write(ModuleLog.Level(plugin: level), String(cString: message))
                }))
    }

    func resolve(config: String, request: String) throws(HelperError) -> String {
        try instance(config).resolve(request)
    }

    func tell(facts: String) {
        for (_, instance) in instances { instance.tell(facts: facts) }
    }

    private func instance(_ config: String) throws(HelperError) -> ModuleInstance {
        if let position = instances.firstIndex(where: { $0.config == config }) {
            let known = instances.remove(at: position)
            instances.append(known)
            return known.instance
        }
        if instances.count >= Self.mostInstances { instances.removeFirst().instance.close() }
        let instance = try ModuleInstance(table, host: host, config: config)
        instances.append((config, instance))
        return instance
    }
}

extension LoadedModule {
    /// min(size, ours) into a zeroed table; only then is any other field read.
    private static func copied(_ theirs: UnsafePointer<egress_plugin>) throws(HelperError) -> egress_plugin {
        let raw = UnsafeRawPointer(theirs)
        let size = raw.loadUnaligned(as: Int.self)
        let least = (MemoryLayout<egress_plugin>.offset(of: \.resolve) ?? 0) + MemoryLayout<UnsafeRawPointer>.size
        guard size >= least, size <= 4096 else { throw failed("says that its table has \(size) bytes; at least \(least) are needed") }
        var table = egress_plugin()
        withUnsafeMutableBytes(of: &table) { $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: min(size, $0.count))) }
        guard table.abi >= EGRESS_PLUGIN_ABI else {
            throw failed("was compiled for version \(table.abi) of the interface, which never was")
        }
        guard table.open != nil, table.resolve != nil else { throw failed("has no open or no resolve in its table") }
        return table
    }

    private static func described(_ table: egress_plugin) throws(HelperError) -> ModuleDescription {
        guard let name = text(table.name, atMost: 63), isName(name) else {
            throw failed("has no proper name: small letters, digits, '-' and '.', at most 63")
        }
        guard let version = text(table.version, atMost: 64) else { throw failed("has no version, or one longer than 64 bytes") }
        return ModuleDescription(name: name, version: version)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?, atMost limit: Int) -> String? {
        guard let pointer else { return nil }
        let count = strnlen(pointer, limit + 1)
        guard (1...limit).contains(count) else { return nil }
        return String(validating: UnsafeBufferPointer(start: pointer, count: count), as: UTF8.self)
    }

    static func isName(_ name: String) -> Bool {
        name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
    }

    private static func loaderText() -> String {
        dlerror().map { String(cString: $0) } ?? "no reason given"
    }

    private static func failed(_ message: String) -> HelperError {
        HelperError(code: "plugin_failed", message: message)
    }
}
