import ArgumentParser
import EgressHelper
import EgressPorts
import EgressWire
import HelperSocket
import Logging
import ServiceLifecycle
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Take plans on for this node until SIGTERM; the datapath goes on without the helper.",
        discussion: """
            Needs CAP_BPF and CAP_NET_ADMIN, and a BPF file system for its pins.

              egress-helper run --node node-1
              egress-helper run --node node-1 --socket /run/egress/{node}.sock --agent-uid 65532
            """)

    @Option(help: "Name of this node, as Kubernetes has it.")
    var node: String
    @OptionGroup var socket: SocketOption
    @Option(help: "Folder of the pins, on a BPF file system. {node} in it stands for the node's name.")
    var bpfRoot = "/sys/fs/bpf/kubectl-egress"
    @Option(help: "Folder where the plan in force is kept for a restart. {node} in it stands for the node's name.")
    var stateDir = "/run/kubectl-egress"
    @Option(help: "How programs are attached: auto, tcx or clsact.")
    var attach = AttachChoice.auto
    @Option(help: "Folder where Cilium pins its maps: while its own egress gateway has one there, no plan is taken on.")
    var ciliumMaps = ForeignOwner.standardFolder
    @Option(name: .customLong("plugin-dir"), help: "Folder of strategy modules; may be given several times.")
    var pluginFolders: [String] = []
    @Option(help: "Where the kernel's parameters are: in a container, a mount of the host's /proc/sys that can be written.")
    var procSys = "/proc/sys"
    @Option(help: "The agent's user: may change, not only read.")
    var agentUid: UInt32?
    @Option(help: "trace, debug, info, notice, warning, error or critical.", transform: Self.level)
    var logLevel = Logger.Level.info

    func validate() throws {
        guard HelperIdentity(node: node) != nil else {
            throw ValidationError("--node \(node) can't be a node's name: lower-case letters, digits, '-' and '.', at most 253")
        }
    }

    func run() async throws {
        guard let identity = HelperIdentity(node: node) else { return }
        let logger = makeLogger()
        let pins = HelperSocketPath.path(bpfRoot, node: node)
        try StartRequirements.check(bpfRoot: pins)
        let adapters = try NodeAdapters(pins: pins, attach: attach, pluginFolders: pluginFolders, procSys: procSys, logger: logger)
        let service = HelperService(
            identity: identity, datapath: adapters.datapath, host: adapters.host, strategies: adapters.plugins,
            stateFolder: HelperSocketPath.path(stateDir, node: node), foreign: ForeignOwner(folder: ciliumMaps), logger: logger)
        try await service.open()
        let hello = HelperHello(helper: HelperIdentity.version, node: node, abi: adapters.datapath.abiVersion)
        let listener = try HelperListener.open(path: HelperSocketPath.path(socket.path, node: node), owner: agentUid)
        let server = HelperServer(listener: listener, helper: service, hello: hello, agentUID: agentUid, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [service, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
        logger.info("stopped; the datapath stays as it is")
    }

    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("--log-level \(text) is none of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
    }

    private func makeLogger() -> Logger {
        var logger = Logger(label: "egress-helper") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        return logger
    }
}

enum AttachChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case tcx
    case clsact
}
