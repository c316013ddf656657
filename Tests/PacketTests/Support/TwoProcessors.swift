import Glibc
import Synchronization
import TestKit

/// Two packets at the same moment on two processors, in the namespaces of the calling thread. Two threads that spin are
/// put on two processors by the kernel; on a machine with one they take turns.
enum TwoProcessors {
    /// What one round gave to each side.
    struct Pair {
        var first: (verdict: UInt32, frame: [UInt8])
        var second: (verdict: UInt32, frame: [UInt8])
    }

    fileprivate final class Race: Sendable {
        let arrived = Atomic<Int>(0)
        let results = Mutex<[Int: [(UInt32, [UInt8])]]>([:])
        let frames: [[[UInt8]]]
        let program: Int32
        let index: Int

        init(_ frames: [[[UInt8]]], _ program: Int32, _ index: Int) {
            self.frames = frames
            self.program = program
            self.index = index
        }

        /// Both sides go on when both are here.
        func meet(_ round: Int) {
            arrived.add(1, ordering: .sequentiallyConsistent)
            var spins = 0
            while arrived.load(ordering: .sequentiallyConsistent) < 2 * (round + 1) {
                spins += 1
                if spins % 10_000 == 0 { sched_yield() }
            }
        }

        func run(_ side: Int) {
            var mine: [(UInt32, [UInt8])] = []
            for (round, frame) in frames[side].enumerated() {
                meet(round)
                // A test that can't run shows as a verdict that nobody expects; the other side must not wait for ever.
                mine.append((try? World.testRun(program, index, frame)) ?? (99, []))
            }
            let all = mine
            results.withLock { $0[side] = all }
        }
    }

    fileprivate final class Argument {
        let race: Race
        let side: Int

        init(_ race: Race, _ side: Int) {
            self.race = race
            self.side = side
        }
    }

    /// Runs `first[n]` and `second[n]` at once, for each n; both have as many.
    static func run(_ world: World, _ hook: World.Hook, _ first: [[UInt8]], _ second: [[UInt8]]) throws -> [Pair] {
        guard first.count == second.count else { throw TestKitError("a race needs as many packets on both sides") }
        let (program, index) = try world.entrance(hook)
        let race = Race([first, second], program, index)
        var threads: [pthread_t] = []
        for side in 0..<2 {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(Argument(race, side)).toOpaque()
            guard pthread_create(&thread, nil, { runSide($0) }, argument) == 0 else { throw TestKitError("no thread") }
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        let results = race.results.withLock { $0 }
        return zip(results[0, default: []], results[1, default: []]).map { Pair(first: $0, second: $1) }
    }
}

private func runSide(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let pointer else { return nil }
    let argument = Unmanaged<TwoProcessors.Argument>.fromOpaque(pointer).takeRetainedValue()
    argument.race.run(argument.side)
    return nil
}
