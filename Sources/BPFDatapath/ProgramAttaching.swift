import CEgressShims
import CLibBPF
import EgressPlan

/// Puts programs on interfaces of the calling thread's network namespace, and finds them again after a restart.
protocol ProgramAttaching {
    /// Does nothing when it is attached.
    func attach(_ attachment: Attachment) throws
    /// Does nothing when it isn't attached.
    func detach(_ attachment: Attachment) throws
    func attached() throws -> Set<Attachment>
    /// Makes what an earlier helper attached run this object's programs, one by one and without a gap.
    func renew() throws
}

extension Attachment.Program {
    /// What the program sees: packets that the interface receives, or that it is about to send.
    var seesReceived: Bool { self != .podIn }
}
