public import EgressModel
public import EgressPorts

/// A store of the cluster's state as commands use it.
public typealias Cluster = ClusterReading & ClusterWriting & TunnelSecretReading

/// Everything that a command touches, passed in, so that a test needs no process.
public struct CommandEnvironment: Sendable {
    /// Takes text as it is, without adding a newline.
    public typealias Sink = @Sendable (String) -> Void

    public var standardOutput: Sink
    public var standardError: Sink
    /// Reads standard input to its end.
    public var standardInput: @Sendable () throws -> [UInt8]
    public var isOutputTerminal: Bool
    public var isErrorTerminal: Bool
    /// Columns of the terminal; `nil`: no terminal, so nothing is cut.
    public var width: Int?
    public var variables: [String: String]
    public var clock: any WallClock
    /// Opens a folder, a file, or `-` as a cluster.
    public var openCluster: @Sendable (_ path: String) throws -> any Cluster
    public var openHelper: @Sendable (_ socket: String) async throws -> any HelperCalling
    /// Addresses of a host's name, as this machine resolves it; empty when there is none.
    public var resolveHost: @Sendable (_ name: String) async throws -> [IPAddress]

    public init(
        standardOutput: @escaping Sink, standardError: @escaping Sink, standardInput: @escaping @Sendable () throws -> [UInt8],
        isOutputTerminal: Bool, isErrorTerminal: Bool, width: Int?, variables: [String: String], clock: any WallClock,
        openCluster: @escaping @Sendable (String) throws -> any Cluster,
        openHelper: @escaping @Sendable (String) async throws -> any HelperCalling,
        resolveHost: @escaping @Sendable (String) async throws -> [IPAddress]
    ) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.standardInput = standardInput
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.width = width
        self.variables = variables
        self.clock = clock
        self.openCluster = openCluster
        self.openHelper = openHelper
        self.resolveHost = resolveHost
    }

    func note(_ line: String) { standardError(plainText(line) + "\n") }
}
