import EgressModel
import EgressPlan
import EgressPorts
import Logging

/// Keeps a connection to the helper and hears its facts; survives its restarts.
struct HelperFollower: Sendable {
    let loop: AgentLoop
    let link: HelperLink
    let wake: WakeUps

    func run() async {
        var backOff = BackOff()
        while !Task.isCancelled {
            do {
                let helper = try await loop.openHelper(loop.settings.socket)
                let status = try await helper.status()
                await link.connected(helper, status)
                loop.log.info("helper \(plainText(status.helper.version)) on \(plainText(status.node)), revision \(status.revision)")
                for try await facts in try await helper.factsChanges() {
                    backOff.reset()
                    await link.heard(facts)
                    wake.now()
                }
                await lost(HelperError(code: "unreachable", message: "the helper ended the connection"), after: backOff)
            } catch is CancellationError {
                return
            } catch {
                await lost(HelperError(reading: error), after: backOff)
            }
            guard (try? await loop.clock.sleep(seconds: backOff.next())) != nil else { return }
        }
    }

    private func lost(_ error: HelperError, after backOff: BackOff) async {
        if Task.isCancelled { return }
        // Said once a minute at most: 0.1 s to 5 s between tries.
        if backOff.failures == 0 || backOff.failures % 12 == 0 { loop.log.warning("\(plainText(error.description))") }
        await link.lost(error)
        wake.now()
    }
}

extension HelperError {
    /// Whatever a call to the helper threw.
    init(reading error: any Error) {
        self = error as? HelperError ?? HelperError(code: "unreachable", message: String(describing: error))
    }
}
