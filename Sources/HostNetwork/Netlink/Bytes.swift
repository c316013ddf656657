// SPDX-License-Identifier: Apache-2.0
// Bounded reads of the kernel's structures. Netlink is in host order unless an attribute says otherwise.

extension ArraySlice<UInt8> {
    /// A C structure or number at the beginning; `nil` when fewer bytes are left.
    func load<T: BitwiseCopyable>(_ type: T.Type) -> T? {
        withUnsafeBytes { $0.count >= MemoryLayout<T>.size ? $0.loadUnaligned(as: T.self) : nil }
    }

    /// Text up to the first NUL.
    var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}

func bytes<T: BitwiseCopyable>(of value: T) -> [UInt8] {
    withUnsafeBytes(of: value) { Array($0) }
}

/// Netlink's alignment of messages and attributes, four bytes.
func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
