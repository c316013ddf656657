import EgressPlan
import EgressPorts
import Logging

extension HelperService {
    var hearsOfAttachments: Bool { kernel.datapath.hearsOfAttachments }

    /// Puts back what somebody took off an interface. Connections go on, as nothing else is touched; what came in between
    /// the guard has dropped.
    public func mend() {
        do {
            let mended = try kernel.datapath.mendAttachments()
            for place in mended.putBack.sorted() {
                logger.warning("somebody removed or replaced our program; it is back", metadata: words(place))
            }
            for place in mended.overtaken.subtracting(overtaken).sorted() {
                logger.warning("another program runs before ours; what it lets through by itself is not steered", metadata: words(place))
            }
            overtaken = mended.overtaken
            mendingFailure = nil
        } catch {
            // Several times a second: the same words once.
            if mendingFailure != "\(error)" { logger.error("an attachment can't be looked after", metadata: ["error": "\(error)"]) }
            mendingFailure = "\(error)"
        }
    }

    private func words(_ place: Attachment) -> Logger.Metadata {
        ["program": "\(place.program.rawValue)", "interface": "\(place.interfaceIndex)"]
    }
}
