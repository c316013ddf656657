// SPDX-License-Identifier: Apache-2.0
import CEgressPlugin
import Glibc

/// Room for a text between two stretches of known bytes, between two pages that nobody may touch.
final class GuardedBuffer {
    var text: egress_text
    let capacity: Int
    private let mapping: UnsafeMutableRawPointer
    private let length: Int
    private let start: UnsafeMutableRawPointer

    private static let page = 4096
    private static let canary: UInt8 = 0xA5

    /// `nil` when the machine has no memory left.
    init?(capacity: Int) {
        // Ends right before the second canary, so that one byte too many is seen.
        let pages = (capacity + Self.page - 1) / Self.page + 4
        length = pages * Self.page
        guard let mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), mapping != MAP_FAILED else {
            return nil
        }
        self.mapping = mapping
        self.capacity = capacity
        start = mapping + (length - 2 * Self.page - capacity)
        memset(mapping, Int32(Self.canary), length)
        mprotect(mapping, Self.page, PROT_NONE)
        mprotect(mapping + (length - Self.page), Self.page, PROT_NONE)
        text = egress_text(bytes: start.assumingMemoryBound(to: CChar.self), capacity: capacity, needed: 0)
    }

    deinit { munmap(mapping, length) }

    /// As new, for the next call.
    func clear() {
        memset(mapping + Self.page, Int32(Self.canary), length - 2 * Self.page)
        text = egress_text(bytes: start.assumingMemoryBound(to: CChar.self), capacity: capacity, needed: 0)
    }

    /// What the callee did to the world around the buffer; `nil`: nothing.
    var damage: String? {
        let before = UnsafeRawBufferPointer(start: mapping + Self.page, count: start - mapping - Self.page)
        let after = UnsafeRawBufferPointer(start: start + capacity, count: Self.page)
        if after.contains(where: { $0 != Self.canary }) { return "wrote past the end of its buffer of \(Self.bytes(capacity))" }
        if before.contains(where: { $0 != Self.canary }) { return "wrote before the start of its buffer of \(Self.bytes(capacity))" }
        if text.capacity != capacity || text.bytes != start.assumingMemoryBound(to: CChar.self) {
            return "changed bytes or capacity of its egress_text"
        }
        return nil
    }

    /// Bytes before the first NUL; `nil` without one.
    var content: [UInt8]? {
        let buffer = UnsafeRawBufferPointer(start: start, count: capacity)
        return buffer.firstIndex(of: 0).map { Array(buffer[..<$0]) }
    }

    /// For people: whatever is there.
    var words: String { printable(String(decoding: content ?? [], as: UTF8.self)) }

    static func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(count) bytes" }
}
