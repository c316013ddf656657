import EgressPlan
import EgressPorts
import Logging

extension HelperService {
    /// Sees to it that addresses that are new here, or whose link is back, are announced. Never fails: an announcement
    /// that is lost costs neighbours the time that they take to ask.
    func announce() {
        guard !kernel.claimed.isEmpty || !announcements.isDone else { return }
        do {
            send(announcements.update(kernel.claimed, live: try kernel.host.liveInterfaces()))
        } catch {
            logger.warning("claimed addresses are not announced", metadata: ["error": "\(error)"])
        }
        if !isAnnouncing { announceAgain() }
    }

    private func announceAgain() {
        isAnnouncing = !announcements.isDone
        guard isAnnouncing else { return }
        Task { [weak self] in
            try? await Task.sleep(for: Announcements.interval)
            await self?.nextRound()
        }
    }

    private func nextRound() {
        send(announcements.next())
        announceAgain()
    }

    private func send(_ round: [ClaimedAddress]) {
        for claimed in round {
            do {
                try kernel.host.announce(claimed)
                logger.debug("announced", metadata: ["address": "\(claimed.address)", "interface": "\(claimed.interfaceIndex)"])
            } catch {
                logger.warning("\(claimed.address) is not announced", metadata: ["error": "\(error)"])
            }
        }
    }
}
