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

    init(
        pins: String, attach: AttachChoice, pluginFolders: [String], procSys: String, connections: ConnectionChoice, logger: Logger
    ) throws {
        let mode: AttachMode? =
            switch attach {
            case .auto: nil
            case .tcx: .tcx
            case .clsact: .clsact
            }
        let opened = try BPFDatapath.open(pinRoot: pins, attachMode: mode)
        if let takeover = opened.takeover { Self.tell(takeover, logger) }
        datapath = opened
        let source: ConnectionSource =
            switch connections {
            case .auto: .auto
            case .conntrack: .conntrack
            case .sockets: .sockets
            case .none: .none
            }
        host = HostNetwork(procSys: procSys, connections: source)
        plugins = PluginHost(executable: try Self.executable(), folders: pluginFolders, logger: logger)
    }

    private static func tell(_ takeover: LayoutTakeover, _ logger: Logger) {
        let counts: Logger.Metadata = [
            "layout": "\(takeover.version)", "entries": "\(takeover.entries)", "lost": "\(takeover.lost)",
        ]
        logger.info("connections taken over from a helper with another layout of the maps", metadata: counts)
        guard let failure = takeover.failure else { return }
        logger.error("not all of it could be taken over: the other connections end", metadata: ["error": "\(failure)"])
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
