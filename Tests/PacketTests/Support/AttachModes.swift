import BPFDatapath
import TestKit

extension AttachMode {
    /// Those that this kernel has.
    static var available: [AttachMode] { allCases.filter { $0 == .clsact || Requirement.tcx.isMet } }
}
