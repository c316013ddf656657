import BPFDatapath
import EgressPorts
import Glibc
import HostNetwork
import Logging
import PluginHost

/// What stands behind the ports on a real node.
struct NodeAdapters {
    let datapath: any DatapathApplying
    let host: any HostNetworking
    let plugins: any StrategyProviding

    init(pins: String, attach: AttachChoice, pluginFolders: [String], procSys: String, logger: Logger) throws {
        let mode: AttachMode? =
            switch attach {
            case .auto: nil
            case .tcx: .tcx
            case .clsact: .clsact
            }
        datapath = try BPFDatapath.open(pinRoot: pins, attachMode: mode)
        host = HostNetwork(procSys: procSys)
        plugins = PluginHost(executable: try Self.executable(), folders: pluginFolders, logger: logger)
    }

    /// This program's own path: modules run in processes of it.
    private static func executable() throws -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { throw StartFailure(description: "can't read /proc/self/exe: is /proc mounted?") }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}

struct StartFailure: Error, CustomStringConvertible {
    let description: String
}
