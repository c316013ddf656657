// SPDX-License-Identifier: Apache-2.0
import Dispatch

/// Work that blocks, one piece after the other: the threads of tests stay free, and half of a small machine with them.
enum Aside {
    private static let queue = DispatchQueue(label: "aside")

    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
