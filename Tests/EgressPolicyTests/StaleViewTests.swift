import EgressModel
import EgressPolicy
import EngineSamples
import Testing

/// What a pod's node sends by an old view leaves by its own policy's address or not at all.
@Suite struct StaleViewTests {
    @Test(arguments: StaleViews.Evidence.allCases)
    func `whatever nodes see, a packet leaves by its own policy's address or is dropped`(_ evidence: StaleViews.Evidence) {
        var (delivered, dropped, reused, withoutID) = (0, 0, 0, 0)
        for seed in 0..<12 {
            var world = StaleViews(seed: seed, highestID: UInt32(6 + seed % 7), evidence: evidence)
            for _ in 0..<60 { world.step() }
            #expect(world.tally.wrong == [], "seed \(seed)")
            delivered += world.tally.delivered
            dropped += world.tally.dropped
            reused += world.tally.reused
            withoutID += world.tally.withoutID
        }
        // Otherwise nothing was shown.
        #expect(delivered > 1000)
        #expect(dropped > 30)
        #expect(reused > 100)
        #expect(withoutID > 1000)
    }
}
