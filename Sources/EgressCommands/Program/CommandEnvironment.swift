public import EgressModel
public import EgressPorts
public import Logging

/// A store of the cluster's state as commands use it.
public typealias Cluster = ClusterReading & ClusterNaming & ClusterExporting & ClusterWriting & ObjectReading & NodeReporting
    & TunnelSecretReading & AddressLocking

/// How commands reach what is outside of this program; the main program fills it with adapters.
public struct CommandAdapters: Sendable {
    /// Opens a Kubernetes API. `log` gets what `-v` asks for; `warn` takes the text of each `Warning:` that the server sends.
    public typealias OpenAPI =
        @Sendable (_ access: ClusterAccess, _ scope: ClusterScope, _ log: Logger, _ warn: @escaping CommandEnvironment.Sink) throws
        -> any Cluster

    /// Opens a folder, a file, or `-` as a cluster.
    public var openFolder: @Sendable (_ path: String) throws -> any Cluster
    public var openAPI: OpenAPI
    /// What the kubeconfig names; asks no server and never fails.
    public var kubeconfigNames: @Sendable (_ access: ClusterAccess) -> KubeconfigNames
    public var openHelper: @Sendable (_ socket: String) async throws -> any HelperCalling
    /// What `install` applies, in its order.
    public var manifests: [EmbeddedManifest]

    public init(
        openFolder: @escaping @Sendable (String) throws -> any Cluster,
        openAPI: @escaping OpenAPI, kubeconfigNames: @escaping @Sendable (ClusterAccess) -> KubeconfigNames,
        openHelper: @escaping @Sendable (String) async throws -> any HelperCalling, manifests: [EmbeddedManifest] = []
    ) {
        self.openFolder = openFolder
        self.openAPI = openAPI
        self.kubeconfigNames = kubeconfigNames
        self.openHelper = openHelper
        self.manifests = manifests
    }
}

/// A file of `deploy/` as it was at the build.
public struct EmbeddedManifest: Sendable, Hashable {
    /// The path below `deploy/`.
    public var name: String
    /// YAML; empty when the build didn't find the file.
    public var text: String

    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// Everything that a command touches, passed in, so that a test needs no process.
public struct CommandEnvironment: Sendable {
    /// Takes text as it is, without adding a newline.
    public typealias Sink = @Sendable (String) -> Void

    public var standardOutput: Sink
    public var standardError: Sink
    /// Reads standard input to its end.
    public var standardInput: @Sendable () throws -> [UInt8]
    public var terminal: Terminal
    public var variables: [String: String]
    public var clock: any WallClock
    public var adapters: CommandAdapters
    /// Addresses of a host's name, as this machine resolves it; empty when there is none.
    public var resolveHost: @Sendable (_ name: String) async throws -> [IPAddress]
    /// Ends when the user interrupts (SIGINT); until it is called, an interrupt ends the process at once.
    public var untilInterrupted: @Sendable () async -> Void
    /// What API servers warned of in this run.
    let warnings = SaidOnce()
    /// What was noted in this run and need not be said again, as `status -w` reads the cluster many times.
    let notes = SaidOnce()

    public init(
        standardOutput: @escaping Sink, standardError: @escaping Sink, standardInput: @escaping @Sendable () throws -> [UInt8],
        terminal: Terminal, variables: [String: String], clock: any WallClock, adapters: CommandAdapters,
        resolveHost: @escaping @Sendable (String) async throws -> [IPAddress],
        untilInterrupted: @escaping @Sendable () async -> Void
    ) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.standardInput = standardInput
        self.terminal = terminal
        self.variables = variables
        self.clock = clock
        self.adapters = adapters
        self.resolveHost = resolveHost
        self.untilInterrupted = untilInterrupted
    }

    var openHelper: @Sendable (_ socket: String) async throws -> any HelperCalling { adapters.openHelper }

    func note(_ line: String) { standardError(plainText(line) + "\n") }
}

/// Which of the standard streams are a terminal, and how wide.
public struct Terminal: Sendable, Hashable {
    public var isInput: Bool
    public var isOutput: Bool
    public var isError: Bool
    /// Columns of standard output; `nil`: no terminal, so nothing is cut.
    public var width: Int?

    public init(isInput: Bool = false, isOutput: Bool = false, isError: Bool = false, width: Int? = nil) {
        self.isInput = isInput
        self.isOutput = isOutput
        self.isError = isError
        self.width = width
    }
}
