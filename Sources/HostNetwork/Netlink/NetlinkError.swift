// SPDX-License-Identifier: Apache-2.0

enum NetlinkError: Error, Hashable, CustomStringConvertible {
    /// A system call on the socket failed.
    case system(call: String, errno: Int32)
    /// The kernel answered with an error; `text` is its extended acknowledgement.
    case refused(errno: Int32, text: String?)
    /// The bytes are not what netlink says they are.
    case malformed(String)
    /// A message was longer than the buffer.
    case truncated(length: Int)
    /// The answer is not consistent: something changed while it was being read (NLM_F_DUMP_INTR, ENOBUFS).
    case interrupted
    case timeout

    var errno: Int32? {
        switch self {
        case .system(_, let errno), .refused(let errno, _): errno
        case .malformed, .truncated, .interrupted, .timeout: nil
        }
    }

    var description: String {
        switch self {
        case .system(let call, let errno): "\(call): \(errorText(errno))"
        case .refused(let errno, let text): text.map { "\(errorText(errno)): \($0)" } ?? errorText(errno)
        case .malformed(let what): "the kernel's answer makes no sense: \(what)"
        case .truncated(let length): "a netlink message of \(length) bytes is too long"
        case .interrupted: "the network changed all the while it was being read"
        case .timeout: "the kernel did not answer in time"
        }
    }
}
