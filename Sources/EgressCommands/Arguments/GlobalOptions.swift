public import ArgumentParser

/// Options that every command takes, the names kubectl gives them. One type, used by every command: declared twice in
/// different groups, the outer one would swallow `-n` without a word.
public struct GlobalOptions: ParsableArguments, Sendable {
    static let sectionTitle = "Global options"

    @Option(help: "Path to the kubeconfig file to use.")
    var kubeconfig: String?
    @Option(help: "The name of the kubeconfig context to use.")
    var context: String?
    @Option(help: "The name of the kubeconfig cluster to use.")
    var cluster: String?
    @Option(help: "The name of the kubeconfig user to use.")
    var user: String?
    @Option(
        name: .shortAndLong,
        help: "Look at this namespace alone; without it at the whole cluster, or for one pod at the kubeconfig context's namespace.")
    var namespace: String?
    @Option(
        name: [.customShort("A"), .long],
        help: ArgumentHelp("Look at all namespaces, and say which in the first column.", valueName: "[=true]"))
    var allNamespaces: Bool = false
    @Option(name: .shortAndLong, help: "The address and port of the Kubernetes API server.")
    var server: String?
    @Option(help: "Bearer token for authentication to the API server.")
    var token: String?
    @Option(help: "Username to impersonate for the operation.")
    var `as`: String?
    @Option(help: "Group to impersonate; may be given several times.")
    var asGroup: [String] = []
    @Option(help: "UID to impersonate for the operation.")
    var asUid: String?
    @Option(help: "User extra to impersonate, key=value; may be given several times.")
    var asUserExtra: [String] = []
    @Option(help: "Username for basic authentication to the API server.")
    var username: String?
    @Option(help: "Password for basic authentication to the API server.")
    var password: String?
    @Option(help: "How long one request may take: 1s, 2m, 3h; 0 is for ever.")
    var requestTimeout: String = "0"
    @Option(help: ArgumentHelp("Don't check the server's certificate.", valueName: "[=true]"))
    var insecureSkipTlsVerify: Bool = false
    @Option(help: "Path to a certificate file of the authority.")
    var certificateAuthority: String?
    @Option(help: "Path to a client certificate file for TLS.")
    var clientCertificate: String?
    @Option(help: "Path to a client key file for TLS.")
    var clientKey: String?
    @Option(help: "Server name that its certificate is checked against.")
    var tlsServerName: String?
    @Option(help: "The proxy that requests go through: http, https or socks5.")
    var proxyUrl: String?
    @Option(help: ArgumentHelp("Don't ask the server for compressed answers.", valueName: "[=true]"))
    var disableCompression: Bool = false
    @Option(help: "Taken for kubectl's sake; nothing is cached in files.")
    var cacheDir: String?
    @Option(help: ArgumentHelp("Treat warnings of the API server, or of lint, as errors.", valueName: "[=true]"))
    var warningsAsErrors: Bool = false
    @Option(name: [.customShort("v"), .customLong("v")], help: "How much to log: 0 to 9.")
    var verbosity: String = "0"
    @Option(help: "Read this folder, file or - (standard input) of manifests instead of a cluster; KUBECTL_EGRESS_SNAPSHOT.")
    var snapshot: String?
    @Option(help: "The helper's Unix socket; {node} in it stands for the node's name.")
    var socket: String?

    public init() {}
}
