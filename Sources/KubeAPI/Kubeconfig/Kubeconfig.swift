import JSONText

/// A kubeconfig's content, of one file or of several merged (client-go's `clientcmd/api.Config`).
struct Kubeconfig: Sendable, Hashable {
    var clusters: [String: KubeconfigCluster] = [:]
    var users: [String: KubeconfigUser] = [:]
    var contexts: [String: KubeconfigContext] = [:]
    var currentContext = ""

    var isEmpty: Bool { self == Kubeconfig() }

    /// What the first file says of a name stands whole; later ones add names only.
    mutating func add(_ later: Kubeconfig) {
        clusters.merge(later.clusters) { first, _ in first }
        users.merge(later.users) { first, _ in first }
        contexts.merge(later.contexts) { first, _ in first }
        if currentContext.isEmpty { currentContext = later.currentContext }
    }
}

struct KubeconfigContext: Sendable, Hashable {
    var cluster = ""
    var user = ""
    var namespace = ""
}

struct KubeconfigCluster: Sendable, Hashable {
    var server = ""
    var tlsServerName = ""
    var isInsecure = false
    var authorityFile = ""
    var authorityData: [UInt8] = []
    var proxyURL = ""
    var isCompressionDisabled = false
    /// The extension `client.authentication.k8s.io/exec`: what a credential plugin is told of the cluster.
    var pluginSettings: JSONValue?
}

/// Holds secrets, so no description shows what is inside.
struct KubeconfigUser: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    var certificateFile = ""
    var certificateData: [UInt8] = []
    var keyFile = ""
    var keyData: [UInt8] = []
    var token = ""
    var tokenFile = ""
    var username = ""
    var password = ""
    var impersonation = ImpersonatedUser()
    /// The name of an `auth-provider`.
    var authProvider: String?
    var exec: KubeconfigExec?

    var description: String { "KubeconfigUser" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Who requests are made for, by keys `as`, `as-uid`, `as-groups` and `as-user-extra`.
struct ImpersonatedUser: Sendable, Hashable {
    var name = ""
    var uid = ""
    var groups: [String] = []
    var extra: [String: [String]] = [:]
}

/// A credential plugin as the file says it. Its environment may hold secrets.
struct KubeconfigExec: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    var apiVersion = ""
    var command = ""
    var arguments: [String] = []
    var variables: [Variable] = []
    /// `Never`, `IfAvailable` or `Always`.
    var interactiveMode = ""
    var providesClusterInfo = false
    var installHint = ""

    struct Variable: Sendable, Hashable {
        var name: String
        var value: String
    }

    static let v1 = "client.authentication.k8s.io/v1"
    static let v1beta1 = "client.authentication.k8s.io/v1beta1"

    var description: String { "KubeconfigExec(\(command))" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
