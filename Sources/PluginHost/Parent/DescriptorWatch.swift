// SPDX-License-Identifier: Apache-2.0
import CEgressShims

/// Whether a process opens more and more descriptors and closes none.
struct DescriptorWatch {
    enum Finding: Hashable {
        case fine
        case many(String)
        case tooMany(String)
    }

    /// The last quarter is for the answer that is being worked on.
    static let most = Int(EGRESS_SANDBOX_DESCRIPTORS) * 3 / 4

    private var atStart = 0
    private var worthWord = 0

    /// `count` are open after a call.
    mutating func see(_ count: Int, isStart: Bool) -> Finding {
        if isStart { (atStart, worthWord) = (count, max(0, min(count, Self.most)) + 16) }
        let remark = "has \(count) descriptors open, \(atStart) when it was loaded: it doesn't close what it opens"
        if count >= Self.most { return .tooMany(remark) }
        guard count >= worthWord else { return .fine }
        worthWord = count * 2
        return .many(remark)
    }
}
