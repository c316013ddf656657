import BPFDatapath
import EgressPlan
import Glibc
import TestKit

/// Our programs with tables of their own, which end with it.
final class PinnedDatapath {
    let datapath: BPFDatapath
    private let folder: String

    /// Where its maps are pinned.
    var maps: String { "\(folder)/v\(datapath.abiVersion)" }

    /// `root`: a folder on a BPF file system.
    init(under root: String) throws {
        var template = Array("\(root)/egt-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TestKitError("no folder under \(root): \(String(cString: strerror(errno)))") }
        folder = String(cString: made)
        datapath = try BPFDatapath.open(pinRoot: folder)
    }

    deinit {
        _ = try? Command.run(["rm", "-rf", folder])
    }

    func run(_ steps: [DatapathOperation]) throws {
        for step in steps { try datapath.execute(step) }
    }
}
