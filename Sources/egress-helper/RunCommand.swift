import ArgumentParser
import EgressHelper
import EgressPlan
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
    @Option(
        help: "How pods are steered: stack, redirect, or auto for what the node's netfilter shows. The node's annotation goes before it.")
    var steering = SteeringChoice.auto
    @Option(help: "Bits of the packet mark by which the stack leads packets to the tunnel, such as 0x1000.", transform: Self.mark)
    var stackMark = SteeringMark.standard
    @Option(
        help: """
            How a pod's open connections are found when a policy first claims it, so that they go on: conntrack, sockets (in the \
            pod's network namespace: CAP_SYS_ADMIN, CAP_SYS_PTRACE and the host's processes), auto (what works of these), none \
            (they end).
            """)
    var openConnections = ConnectionChoice.auto
    @Option(help: "Folder where Cilium pins its maps: while its own egress gateway has one there, no plan is taken on.")
    var ciliumMaps = ForeignOwner.standardFolder
    @Option(name: .customLong("plugin-dir"), help: "Folder of strategy modules; may be given several times.")
    var pluginFolders: [String] = []
    @Option(help: "Where the kernel's parameters are: in a container, a mount of the host's /proc/sys that can be written.")
    var procSys = "/proc/sys"
    @Option(help: "IPv4 connections that a pod may have open through gateways, half as many of IPv6; 0: any.")
    var podConnections = ConnectionLimits.standard.connectionsPerPod
    @Option(help: "IPv4 translations that a policy's entry may have here, half as many of IPv6; 0: any.")
    var entryTranslations = ConnectionLimits.standard.translationsPerEntry
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
        let adapters = try NodeAdapters(
            pins: pins, attach: attach, pluginFolders: pluginFolders, procSys: procSys, connections: openConnections, logger: logger)
        let service = HelperService(
            identity: identity, datapath: adapters.datapath, host: adapters.host, strategies: adapters.plugins,
            stateFolder: HelperSocketPath.path(stateDir, node: node),
            steering: SteeringSettings(word: steering.word, mark: stackMark), foreign: ForeignOwner(folder: ciliumMaps),
            limits: ConnectionLimits(connectionsPerPod: podConnections, translationsPerEntry: entryTranslations), logger: logger)
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

    private static func mark(_ text: String) throws -> UInt32 {
        let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
        guard let mark = UInt32(isHexadecimal ? String(text.dropFirst(2)) : text, radix: isHexadecimal ? 16 : 10), mark != 0 else {
            throw ValidationError("--stack-mark \(text) isn't a number of 1 to 0xffffffff")
        }
        return mark
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

enum SteeringChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case stack
    case redirect

    var word: SteeringWord {
        switch self {
        case .auto: .auto
        case .stack: .stack
        case .redirect: .redirect
        }
    }
}

enum ConnectionChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case conntrack
    case sockets
    case none
}
