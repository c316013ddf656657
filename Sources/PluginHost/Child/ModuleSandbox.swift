// SPDX-License-Identifier: Apache-2.0
import CEgressShims
import EgressPlan
import Glibc

/// What a process gives up for good before a module's first instruction runs in it, constructors included.
enum ModuleSandbox {
    /// Of the process's own: heap, stacks of threads, data. Small beside the container's limit in deploy/: a kubelet has the
    /// kernel end a whole container that goes beyond it, the helper too.
    static let writableBytes = 192 << 20
    /// All of its address space; more, since allocators reserve what they don't use.
    static let mappedBytes = 2 << 30

    /// Call it while the process has one thread. Returns what could not be had, in words; throws when it can't be used.
    ///
    /// - Parameter isBounded: whether memory is; a sanitizer's shadow needs more than any bound.
    static func enter(isBounded: Bool = true) throws(HelperError) -> [String] {
        var stillRoot: Int32 = 0
        var failure = egress_sandbox_enter(&stillRoot)
        if failure == 0, isBounded { failure = egress_sandbox_bound_memory(writableBytes, mappedBytes) }
        guard failure == 0 else {
            throw HelperError(code: "plugin_failed", message: "can't give privileges up: \(text(failure))")
        }
        var missing: [String] = []
        if stillRoot != 0 { missing.append("stays user 0, without capabilities: CAP_SETUID and CAP_SETGID are missing") }
        if case let failure = egress_sandbox_filter_error(), failure != 0 {
            missing.append("runs without a filter of system calls: \(text(failure))")
        }
        return missing
    }

    private static func text(_ failure: Int32) -> String { String(cString: strerror(failure)) }
}
