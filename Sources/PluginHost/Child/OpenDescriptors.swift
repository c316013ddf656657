// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import Glibc

/// How many descriptors this process has open; none can be higher than its limit.
func countOpenDescriptors() -> Int {
    (0..<EGRESS_SANDBOX_DESCRIPTORS).count { fcntl($0, F_GETFD) >= 0 }
}
