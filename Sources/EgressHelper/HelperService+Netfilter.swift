import EgressPlan
import EgressPorts
import Logging

extension HelperService {
    /// Puts our nft table back where somebody removed or changed it. Never oftener than ``TableMending/interval``: who takes it
    /// away in a circle gets it back in a circle, and the node has time for others.
    func mendTable() {
        guard !tableMending.isWaiting else { return }
        do {
            guard try kernel.missesTable() else { return }
            if let pause = tableMending.pause(.now) { return mendTable(after: pause) }
            try kernel.writeTableAgain()
            if tableMending.done(.now) {
                logger.warning("somebody removed or changed our nft table; it is back", metadata: ["times": "\(tableMending.count)"])
            }
            // Between our writing and our looking.
            if try kernel.missesTable() { mendTable(after: TableMending.interval) }
        } catch {
            // The same words once.
            if tableMending.failure != "\(error)" { logger.error("our nft table can't be looked after", metadata: ["error": "\(error)"]) }
            tableMending.failure = "\(error)"
            mendTable(after: TableMending.patience)
        }
    }

    private func mendTable(after pause: Duration) {
        tableMending.isWaiting = true
        Task { [weak self] in
            try? await Task.sleep(for: pause)
            await self?.mendTableNow()
        }
    }

    private func mendTableNow() {
        tableMending.isWaiting = false
        mendTable()
    }
}

/// When our nft table was put back, and how often.
struct TableMending {
    static let interval = Duration.milliseconds(250)
    /// After a refusal.
    static let patience = Duration.seconds(2)
    private static let silence = Duration.seconds(10)

    private(set) var count = 0
    /// Another look comes by itself.
    var isWaiting = false
    /// The last look's, so that it is said once.
    var failure: String?
    private var last: ContinuousClock.Instant?
    private var told: ContinuousClock.Instant?

    /// How long to wait before it may be written again; `nil`: not at all.
    func pause(_ now: ContinuousClock.Instant) -> Duration? {
        guard let last, now < last + Self.interval else { return nil }
        return last + Self.interval - now
    }

    /// Whether it is worth a word.
    mutating func done(_ now: ContinuousClock.Instant) -> Bool {
        (count, last, failure) = (count + 1, now, nil)
        if let told, now < told + Self.silence { return false }
        told = now
        return true
    }
}
