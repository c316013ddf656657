// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The part of an ELF file (System V ABI, gABI 4.1) that says what it exports. 64 bits, little-endian.
struct SharedObject {
    /// Why a file can't be read as one.
    struct Unreadable: Error {
        var reason: String
    }

    let machine: Int
    /// Names that others can bind to, sorted; without those that linkers add by themselves.
    let exports: [String]

    private static let mostBytes = 512 << 20
    private static let mostSymbols = 1 << 20
    private static let linkers: Set = ["_init", "_fini", "_edata", "_end", "__bss_start", "_etext", "edata", "end", "etext"]

    static var ownMachine: Int {
        #if arch(arm64)
            183
        #else
            62
        #endif
    }

    init(path: String) throws(Unreadable) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Unreadable(reason: "can't be opened: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw Unreadable(reason: "is no file") }
        let count = Int(status.st_size)
        guard count >= 64, count <= Self.mostBytes else { throw Unreadable(reason: "is no shared object: it has \(count) bytes") }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
            throw Unreadable(reason: "can't be read: \(String(cString: strerror(errno)))")
        }
        defer { munmap(start, count) }
        self = try Self(ELFBytes(bytes: UnsafeRawBufferPointer(start: start, count: count)))
    }

    private init(_ elf: ELFBytes) throws(Unreadable) {
        guard elf.bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { throw Unreadable(reason: "is no shared object: it isn't ELF") }
        guard elf.bytes[4] == 2, elf.bytes[5] == 1 else { throw Unreadable(reason: "is not for 64 bits, little-endian") }
        guard elf.number(16, 2) == 3 else {
            throw Unreadable(reason: "is no shared object, but an ELF file of another type; link it with -shared")
        }
        machine = elf.number(18, 2) ?? 0
        exports = try Self.exports(elf)
    }

    private static func exports(_ elf: ELFBytes) throws(Unreadable) -> [String] {
        let broken = Unreadable(reason: "is a broken ELF file")
        guard let offset = elf.number(40, 8), let size = elf.number(58, 2), let count = elf.number(60, 2), size >= 64 else { throw broken }
        let sections = (0..<count).map { offset &+ $0 * size }
        // SHT_DYNSYM
        guard let table = sections.first(where: { elf.number($0 &+ 4, 4) == 11 }) else {
            throw Unreadable(reason: "has no dynamic symbols")
        }
        guard let start = elf.number(table &+ 24, 8), let bytes = elf.number(table &+ 32, 8), let link = elf.number(table &+ 40, 4),
            link < sections.count, let strings = elf.number(sections[link] &+ 24, 8), bytes / 24 <= mostSymbols
        else { throw broken }
        var names: [String] = []
        for symbol in stride(from: start, to: start &+ bytes, by: 24) {
            guard let name = elf.number(symbol, 4), let info = elf.number(symbol &+ 4, 1), let other = elf.number(symbol &+ 5, 1),
                let section = elf.number(symbol &+ 6, 2)
            else { throw broken }
            // Bound to (not STB_LOCAL), seen by others (STV_DEFAULT, STV_PROTECTED), defined; no name of a version (SHN_ABS).
            guard info >> 4 != 0, other & 3 == 0 || other & 3 == 3, section != 0, section != 0xFFF1 else { continue }
            guard let text = elf.text(strings &+ name) else { throw broken }
            if !linkers.contains(text) { names.append(printable(text)) }
        }
        return names.sorted()
    }
}

/// Reads within bounds.
private struct ELFBytes {
    let bytes: UnsafeRawBufferPointer

    /// `nil` outside of the file.
    func number(_ offset: Int, _ size: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - size else { return nil }
        let value = (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
        return Int(exactly: value)
    }

    func text(_ offset: Int) -> String? {
        guard offset >= 0, offset < bytes.count, let end = bytes[offset...].prefix(4096).firstIndex(of: 0) else { return nil }
        return String(decoding: bytes[offset..<end], as: UTF8.self)
    }
}
