// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Tells the process that started this one what goes on here.
final class ProbeVoice {
    /// The exit status of a probe that isn't heard any more: the module closed or replaced descriptor 3.
    static let unheard: Int32 = 99

    func say(_ message: ProbeMessage) {
        var rest = Exchange.line(message.json)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(Exchange.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { _exit(Self.unheard) }
            rest = rest.dropFirst(count)
        }
    }
}
