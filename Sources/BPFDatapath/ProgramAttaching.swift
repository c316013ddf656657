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
    /// Makes one that runs something else run this object's program.
    func renew(_ attachment: Attachment) throws
    func standing(_ attachment: Attachment) throws -> Standing
    /// Whether programs of others run on what the interface receives; true where that can't be told.
    func runsOthers(on interfaceIndex: Int) throws -> Bool
}

/// What became of an attachment that was made.
enum Standing: Sendable, Hashable {
    /// In place; `overtaken`: programs of others run before it.
    case stands(overtaken: Bool)
    /// Its link or filter runs another program.
    case replaced
    case removed
    case interfaceGone
}

extension Attachment.Program {
    /// What the program sees: packets that the interface receives, or that it is about to send.
    var seesReceived: Bool {
        switch self {
        case .pod, .tunnel, .uplink: true
        case .podIn, .stack, .uplinkOut: false
        }
    }
}
