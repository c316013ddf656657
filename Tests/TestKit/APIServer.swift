import Glibc
import Synchronization

/// A real etcd and kube-apiserver of this test process, in a folder of their own, started and ended by
/// `Tests/Lab/apiserver`.
///
/// Most tests take ``shared``, make objects with names of their own there and delete them again. A test that kills the
/// server, compacts its history or needs other flags starts one for itself. Whatever happens to the tests, the servers
/// end with this process.
public final class APIServer: Sendable {
    /// The two programs; each can be killed alone.
    public enum Program: String, Sendable { case apiserver, etcd }

    /// `/tmp/egt-api-…`, readable by its owner alone.
    public let folder: String
    /// `https://127.0.0.1:PORT`.
    public let url: String
    private let isStopped = Mutex(false)

    /// The admin's kubeconfig: group `system:masters`, a client certificate.
    public var kubeconfig: String { "\(folder)/kubeconfig" }
    /// The PEM file that the server's certificate is verified with.
    public var certificateAuthority: String { "\(folder)/ca.crt" }
    /// What kube-apiserver wrote to its log so far.
    public var log: String { FileText.read("\(folder)/apiserver.log") ?? "" }

    /// The server that the suites of this process share; started by whoever asks first.
    public static func shared() throws -> APIServer {
        try sharedServer.get()
    }

    /// Starts a server for one test; ``stop()`` ends it.
    ///
    /// - Parameter flags: what kube-apiserver is given besides, such as `--watch-cache=false`.
    public static func start(flags: [String] = []) throws -> APIServer {
        try APIServer(flags: flags)
    }

    private static let sharedServer = Result { try APIServer(flags: []) }

    private init(flags: [String]) throws {
        var template = Array("/tmp/egt-api-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TestKitError("mkdtemp: \(String(cString: strerror(errno)))") }
        folder = String(cString: made)
        endedAtExit.add(folder)
        do {
            try Command.run([Self.script, "start", folder, "--owner", String(getpid())] + (flags.isEmpty ? [] : ["--"] + flags))
            guard let url = FileText.read("\(folder)/url") else { throw TestKitError("\(folder)/url wasn't written") }
            self.url = url.trimmed
        } catch {
            endedAtExit.end(folder)
            throw error
        }
    }

    deinit { stop() }

    /// Ends both programs and deletes the folder.
    public func stop() {
        let wasStopped = isStopped.withLock { isStopped in
            defer { isStopped = true }
            return isStopped
        }
        if !wasStopped { endedAtExit.end(folder) }
    }

    /// Kills one of the programs (`KILL`) and returns when it is gone.
    public func kill(_ program: Program, signal: String = "KILL") throws {
        try Command.run([Self.script, "kill", folder, program.rawValue, signal])
    }

    /// Starts what was killed again, on the same ports and data, and returns when it is ready.
    public func resume() throws {
        try Command.run([Self.script, "resume", folder])
    }

    /// `kubectl ARGUMENTS` as the admin, or with another kubeconfig; our own programs are on its PATH as plugins.
    ///
    /// - Parameters:
    ///   - kubeconfig: a file of ``user(_:groups:)`` or ``serviceAccount(_:namespace:)``; the admin's when `nil`.
    ///   - input: what it reads from stdin (`-f -`).
    ///   - environment: what is set besides.
    public func kubectl(_ arguments: String..., as kubeconfig: String? = nil, input: String = "", environment: [String: String] = [:])
        throws -> CommandOutcome
    {
        try kubectl(arguments, as: kubeconfig, input: input, environment: environment)
    }

    /// The same with an array.
    public func kubectl(_ arguments: [String], as kubeconfig: String? = nil, input: String = "", environment: [String: String] = [:]) throws
        -> CommandOutcome
    {
        // kubectl keeps what it discovered below HOME.
        var settings = ["KUBECONFIG": kubeconfig ?? self.kubeconfig, "HOME": folder, "PATH": Programs.path]
        settings.merge(environment) { $1 }
        return try Command.outcome([Programs.kubectl] + arguments, input: input, environment: settings)
    }

    /// Applies manifests as the admin, server side, and throws with kubectl's words when that fails.
    public func apply(_ manifest: String) throws {
        let outcome = try kubectl("apply", "--server-side", "-f", "-", input: manifest)
        guard outcome.succeeded else { throw TestKitError("kubectl apply: \(outcome.errors)") }
    }

    /// Deletes manifests' objects, as far as they are there.
    public func delete(_ manifest: String) throws {
        let outcome = try kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", input: manifest)
        guard outcome.succeeded else { throw TestKitError("kubectl delete: \(outcome.errors)") }
    }

    /// A kubeconfig with a client certificate for a user; RBAC knows them by these names.
    public func user(_ name: String, groups: [String] = []) throws -> String {
        try Command.run([Self.script, "user", folder, name] + groups).trimmed
    }

    /// A token of a service account, which is made when it isn't there.
    public func token(serviceAccount name: String, namespace: String) throws -> String {
        for arguments in [["create", "namespace", namespace], ["create", "serviceaccount", name, "-n", namespace]] {
            let outcome = try kubectl(arguments)
            guard outcome.succeeded || outcome.errors.contains("lreadyExists") || outcome.errors.contains("already exists") else {
                throw TestKitError(outcome.errors)
            }
        }
        let request = #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}"#
        let path = "/api/v1/namespaces/\(namespace)/serviceaccounts/\(name)/token"
        let outcome = try kubectl("create", "--raw", path, "-f", "-", input: request)
        // The answer's status holds the token and nothing else with quotation marks after it.
        guard outcome.succeeded, let start = outcome.output.firstRange(of: #""token":""#),
            let token = outcome.output[start.upperBound...].split(separator: "\"").first
        else { throw TestKitError("no token for \(namespace)/\(name): \(outcome.errors)") }
        return String(token)
    }

    /// A kubeconfig with a token of a service account, which is made when it isn't there.
    public func serviceAccount(_ name: String, namespace: String) throws -> String {
        let token = try token(serviceAccount: name, namespace: namespace)
        let path = "\(folder)/\(namespace)-\(name).kubeconfig"
        try FileText.write(
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: test, cluster: {server: "\(url)", certificate-authority: "\(certificateAuthority)"}}]
            users: [{name: user, user: {token: "\(token)"}}]
            contexts: [{name: test, context: {cluster: test, user: user, namespace: "\(namespace)"}}]
            current-context: test

            """, to: path)
        chmod(path, 0o600)
        return path
    }

    /// Throws away the history of etcd before the newest revision, so that an old resourceVersion is answered with 410.
    ///
    /// kube-apiserver's watch cache remembers what it saw itself: kill and ``resume()`` it too, or start it with
    /// `--watch-cache=false`.
    public func compact() throws {
        guard let etcd = FileText.read("\(folder)/etcd.url")?.trimmed else { throw TestKitError("\(folder)/etcd.url wasn't written") }
        let ask = ["curl", "-fsS", "--max-time", "10", "--noproxy", "*", "-X", "POST"]
        // "\0" as base64: every key.
        let answer = try Command.run(ask + ["\(etcd)/v3/kv/range", "-d", #"{"key":"AA==","limit":1}"#])
        guard let start = answer.firstRange(of: #""revision":""#), let revision = answer[start.upperBound...].split(separator: "\"").first
        else {
            throw TestKitError("etcd told no revision: \(answer)")
        }
        try Command.run(ask + ["\(etcd)/v3/kv/compaction", "-d", #"{"revision":"\#(revision)","physical":true}"#])
    }

    fileprivate static let script = Programs.top + "/Tests/Lab/apiserver"

    /// Whether this machine has what a server needs, and kubectl.
    static let isPresent: Bool = {
        guard let outcome = try? Command.outcome([script, "present"]), outcome.succeeded else { return false }
        return (try? Command.outcome([Programs.kubectl, "version", "--client"], environment: ["PATH": Programs.path]))?.succeeded == true
    }()
}

/// Folders of servers that run; at exit they are ended, also when a test failed. A process that is killed can't do that:
/// then the script's own watch over its owner does.
private final class RunningServers: Sendable {
    private let folders = Mutex<Set<String>>([])

    func add(_ folder: String) {
        let isFirst = folders.withLock { folders in
            folders.insert(folder)
            return folders.count == 1
        }
        if isFirst { atexit { endedAtExit.endAll() } }
    }

    func end(_ folder: String) {
        guard folders.withLock({ $0.remove(folder) }) != nil else { return }
        _ = try? Command.outcome([APIServer.script, "stop", folder])
        _ = try? Command.outcome(["rm", "-rf", folder])
    }

    func endAll() {
        for folder in folders.withLock({ $0 }) { end(folder) }
    }
}

private let endedAtExit = RunningServers()

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
