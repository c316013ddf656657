import EgressPorts
import Glibc
import JSONText
import Synchronization
import TestKit
import Testing

@testable import KubeAPI

/// Credential plugins that are real shell scripts.
@Suite struct ExecPluginTests {
    private let folder: ScratchFolder
    private let time: ManualClock = ManualClock()

    init() throws { folder = try ScratchFolder() }

    @Test func `one run serves parallel requests and those after it`() async throws {
        let credentials = try plugin("echo run >>\(folder.path)/runs; sleep 0.2; \(answer(#""token":"t1""#))")
        let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<20 { group.addTask { try await credentials.credential().authorization } }
            return try await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(tokens == Array(repeating: "Bearer t1", count: 20))
        #expect(try await credentials.credential().authorization == "Bearer t1")
        #expect(folder.lines("runs") == 1)
    }

    @Test func `an answer counts until its expiry`() async throws {
        let credentials = try plugin(
            "echo run >>\(folder.path)/runs; n=$(wc -l <\(folder.path)/runs); "
                + answer(#""token":"t'$n'","expirationTimestamp":"2030-01-01T02:00:00.5+02:00""#))
        time.wall = 1_893_456_000  // 2030-01-01T00:00:00Z
        #expect(try await credentials.credential().authorization == "Bearer t1")
        time.wall += 0.5
        #expect(try await credentials.credential().authorization == "Bearer t1")
        time.wall += 0.1
        #expect(try await credentials.credential().authorization == "Bearer t2")
        // Expired when it came: each request asks again.
        #expect(try await credentials.credential().authorization == "Bearer t3")
    }

    @Test func `a refused credential is dropped, a newer one isn't`() async throws {
        let credentials = try plugin(
            "echo run >>\(folder.path)/runs; n=$(wc -l <\(folder.path)/runs); " + answer(#""token":"t'$n'""#))
        let first = try await credentials.credential()
        await credentials.wasRejected(first)
        #expect(folder.lines("runs") == 1)
        let second = try await credentials.credential()
        #expect(second.authorization == "Bearer t2")
        await credentials.wasRejected(first)
        #expect(try await credentials.credential() == second)
        #expect(folder.lines("runs") == 2)
    }

    @Test func `a plugin gives a certificate, and may give a token with it`() async throws {
        try folder.write("c", KubeconfigSamples.certificate.replacing("\n", with: "\\n"))
        try folder.write("k", KubeconfigSamples.key.replacing("\n", with: "\\n"))
        let credential = try await plugin(
            answer(#""token":"t","clientCertificateData":"'$(cat \#(folder.path)/c)'","clientKeyData":"'$(cat \#(folder.path)/k)'""#)
        ).credential()
        #expect(credential.clientCertificate == Array(KubeconfigSamples.certificate.utf8))
        #expect(credential.clientKey == Array(KubeconfigSamples.key.utf8))
        #expect(credential.authorization == "Bearer t")
        #expect(credential.description == "Credential(a token and a client certificate)")
    }

    @Test func `its environment is ours, its own and the request`() async throws {
        let credentials = try plugin(
            "env >\(folder.path)/env; printf %s \"$KUBERNETES_EXEC_INFO\" >\(folder.path)/info; echo \"$0 $*\" >\(folder.path)/args; pwd -P >\(folder.path)/pwd; "
                + "cat >\(folder.path)/stdin; ls -l /proc/$$/fd >\(folder.path)/fds; " + answer(#""token":"t""#),
            "args: [a, 'b c'], env: [{name: OURS, value: changed}, {name: NEW, value: x}], provideClusterInfo: true",
            cluster: "tls-server-name: tt, proxy-url: 'http://127.0.0.1:9', disable-compression: true, certificate-authority: ca.crt, "
                + "extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: aud1}}]"
        ) { access in
            access.variables["OURS"] = "first"
            access.variables["KEPT"] = "kept"
        }
        _ = try await credentials.credential()
        let lines = folder.text("env").split(separator: "\n")
        #expect(lines.contains("OURS=changed") && lines.contains("NEW=x") && lines.contains("KEPT=kept"))
        let data = Base64.encode(Array(KubeconfigSamples.certificate.utf8))
        #expect(
            folder.text("info")
                == #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://127.0.0.1:9/a","tls-server-name":"tt","certificate-authority-data":"\#(data)","proxy-url":"http://127.0.0.1:9","disable-compression":true,"config":{"audience":"aud1"}},"interactive":false}}"#
                + "\n")
        #expect(folder.text("args").hasSuffix("a b c\n"))
        #expect(folder.text("pwd") == FilePath.workingDirectory + "\n")
        #expect(folder.text("stdin").isEmpty)
        // A line of ls, three streams, and the shell's own two for the script and the redirection: nothing of ours is inherited.
        #expect(folder.text("fds").split(separator: "\n").count <= 6, "\(folder.text("fds"))")
    }

    @Test(arguments: [
        (
            "echo '{}'",
            "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version client.authentication.k8s.io/__internal"
        ),
        (
            answer(#""token":"secret""#).replacing("/v1", with: "/v1beta1"),
            "exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version client.authentication.k8s.io/v1beta1"
        ),
        (
            answer(#""token":"secret""#).replacing("/v1", with: "/v9"),
            #"decoding stdout: no kind "ExecCredential" is registered for version "client.authentication.k8s.io/v9""#
        ),
        (
            answer(#""token":"secret""#).replacing("ExecC", with: "C"),
            #"decoding stdout: no kind "Credential" is registered for version "client.authentication.k8s.io/v1""#
        ),
        (answer(""), "exec plugin didn't return a token or cert/key pair"),
        (answer(#""clientKeyData":"secret""#), "exec plugin returned only certificate or key, not both"),
        (
            answer(#""clientKeyData":"secret","clientCertificateData":"y""#),
            "failed parsing client key/certificate: tls: failed to find any PEM data in certificate input"
        ),
        (
            answer(#""token":12"#),
            "decoding stdout: json: cannot unmarshal number into Go struct field ExecCredentialStatus.status.token of type string"
        ),
        (answer(#""token":"secret","expirationTimestamp":"foo""#), #"decoding stdout: parsing time "foo" as "2006-01-02T15:04:05Z07:00""#),
        (#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}'"#, "exec plugin didn't return a status field"),
        ("exit 3", "exec: executable COMMAND failed with exit code 3"),
        ("kill -9 $$", "exec: executable COMMAND failed with exit code -1"),
        ("echo secret; exit 1", "exec: executable COMMAND failed with exit code 1"),
    ])
    func `a bad answer is told in kubectl's words, without the answer`(_ script: String, _ message: String) async throws {
        let credentials = try plugin(script)
        let error = await #expect(throws: ClusterError.self) { try await credentials.credential() }
        #expect(
            error?.message == "Unable to connect to the server: getting credentials: "
                + message.replacing("COMMAND", with: "\(folder.path)/p"))
        #expect(error?.voice == .verbatim)
        if Requirement.api.isMet {
            let theirs = try oracle().run(["get", "--raw", "/version"]).errors.split(separator: "\n").last.map(String.init) ?? ""
            #expect(theirs.hasPrefix(error?.message ?? "-"))
        }
    }

    @Test(arguments: ["/no/such", "nosuchprogram", "/etc", "/etc/passwd"])
    func `a program that can't be started is named as kubectl names it`(_ command: String) async throws {
        let credentials = try plugin(nil, "installHint: \"get \\e[31mit\\u0007\"", command: command)
        let error = await #expect(throws: ClusterError.self) { try await credentials.credential() }
        if command == "nosuchprogram" {
            #expect(error?.message == "Unable to connect to the server: getting credentials: exec: executable nosuchprogram not found")
            #expect(error?.hint == "get U+001B[31mitU+0007")
        }
        if Requirement.api.isMet {
            let theirs = try oracle().run(["get", "--raw", "/version"]).errors
            #expect(theirs.split(separator: "\n").contains { String($0) == error?.message })
        }
    }

    @Test func `output is bounded`() async throws {
        let credentials = try plugin("echo $$ >\(folder.path)/pid; exec cat /dev/zero")
        let error = await #expect(throws: ClusterError.self) { try await credentials.credential() }
        #expect(error?.message.hasSuffix("printed more than 1048576 bytes and was ended") == true)
        #expect(kill(Int32(folder.text("pid").trimmed) ?? 0, 0) == -1)
    }

    @Test func `a big answer below the bound is read whole, what the plugin leaves running isn't waited for`() async throws {
        let credentials = try plugin(
            "sleep 300 & echo $! >\(folder.path)/pid; t=$(head -c 700000 /dev/zero | tr '\\0' a); " + answer(#""token":"'$t'""#))
        #expect(try await credentials.credential().authorization?.utf8.count == 700_007)
        #expect(kill(Int32(folder.text("pid").trimmed) ?? 0, SIGKILL) == 0)
    }

    @Test func `time is bounded`() async throws {
        let credentials = try plugin("echo $$ >\(folder.path)/pid; exec sleep 60", limits: ExecLimits(seconds: 0.3))
        let error = await #expect(throws: ClusterError.self) { try await credentials.credential() }
        #expect(error?.message.hasSuffix("didn't end in 0 seconds and was ended") == true)
        #expect(kill(Int32(folder.text("pid").trimmed) ?? 0, 0) == -1)
    }

    @Test func `waiting for slow plugins takes no thread of the pool`() async throws {
        // More of them than processors, and none ends before all began.
        let folders = try (0..<8).map { _ in try ScratchFolder() }
        let wait = "while [ $(wc -l <\(folder.path)/begun) -lt 8 ]; do sleep 0.1; done"
        let plugins = try folders.map { try plugin("echo run >>\(folder.path)/begun; \(wait); " + answer(#""token":"t""#), in: $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for plugin in plugins { group.addTask { _ = try await plugin.credential() } }
            try await group.waitForAll()
        }
        #expect(folder.lines("begun") == 8)
    }

    @Test func `a failed run is tried again by the next request`() async throws {
        let credentials = try plugin("test -e \(folder.path)/ready || exit 1; " + answer(#""token":"t""#))
        await #expect(throws: ClusterError.self) { try await credentials.credential() }
        try folder.write("ready", "")
        #expect(try await credentials.credential().authorization == "Bearer t")
    }

    @Test func `a plugin that must ask can't where there is no terminal or input is in use`() async throws {
        let credentials = try plugin("exit 0", "interactiveMode: Always")
        let error = await #expect(throws: ClusterError.self) { try await credentials.credential() }
        let reason = isatty(0) == 1 ? "standard input is unavailable" : "standard input is not a terminal"
        #expect(
            error?.message == "Unable to connect to the server: getting credentials: exec plugin cannot support interactive mode: \(reason)"
        )
    }

    @Test(arguments: ["token: t", "username: a, password: b", "client-certificate: ca.crt, client-key: ca.key", "tokenFile: tok"])
    func `a plugin doesn't run beside other credentials`(_ other: String) async throws {
        try folder.write("tok", "filetok\n")
        try folder.write("ca.key", KubeconfigSamples.key)
        let script = try folder.script("p", "touch \(folder.path)/ran")
        try write(script, "", "", other: ", \(other)")
        let connection = try APIConnection.resolve(access(), podFolder: "/nonexistent")
        let credential = try await connection.credentials.credential()
        #expect(credential != .none)
        #expect(LocalFile.version("\(folder.path)/ran") == nil)
    }

    @Test func `equal plugins of a process share their answers`() async throws {
        let script = try folder.script("p", "echo run >>\(folder.path)/runs; " + answer(#""token":"t""#))
        try write(script, "", "")
        for _ in 0..<3 { _ = try await APIConnection.resolve(access(), podFolder: "/nonexistent").credentials.credential() }
        #expect(folder.lines("runs") == 1)
    }

    @Test(arguments: [
        ("", true), ("credentialPluginPolicy: AllowAll", true), ("credentialPluginPolicy: DenyAll", false),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: FOLDER/p}]", true),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: p}]", true),
        ("credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: q}, {command: /bin/sh}]", false),
        ("---\napiVersion: x\ncredentialPluginPolicy: DenyAll", false),
    ])
    func `the policy of kuberc holds`(_ text: String, _ isAllowed: Bool) async throws {
        try folder.write(
            ".kube/kuberc", "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n" + text.replacing("FOLDER", with: folder.path))
        let credentials = try plugin(answer(#""token":"t""#)) { $0.variables["PATH"] = "\(folder.path):/usr/bin:/bin" }
        let error = await Result { try await credentials.credential() }.failure as? ClusterError
        #expect((error == nil) == isAllowed)
        if text.hasSuffix("DenyAll") {
            #expect(
                error?.message
                    == "Unable to connect to the server: getting credentials: plugin \"\(folder.path)/p\" not allowed: policy set to \"DenyAll\""
            )
        }
        let off = try plugin(answer(#""token":"t""#)) { $0.variables["KUBERC"] = "off" }
        #expect(try await off.credential().authorization == "Bearer t")
    }

    @Test(arguments: [
        "credentialPluginPolicy: Nope", "credentialPluginPolicy: [",
        "credentialPluginPolicy: AllowAll\ncredentialPluginAllowlist: [{command: a}]",
        "credentialPluginPolicy: Allowlist", "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: ./a}]",
        "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: /a/../b}]", "credentialPluginPolicy: 1",
    ])
    func `a policy that can't be understood is an error`(_ text: String) throws {
        try folder.write(".kube/kuberc", text)
        #expect(throws: ClusterError.self) { try plugin("exit 0") }
    }

    // MARK: What the tests share

    private func plugin(
        _ script: String?, _ more: String = "", cluster: String = "", command: String? = nil, limits: ExecLimits = ExecLimits(),
        in other: ScratchFolder? = nil, _ change: (inout ClusterAccess) -> Void = { _ in }
    ) throws -> ExecCredentials {
        let folder = other ?? folder
        let path = try script.map { try folder.script("p", $0) } ?? command ?? ""
        try write(path, more, cluster, in: folder)
        var access = access(in: folder)
        change(&access)
        let choice = try KubeconfigChoice(KubeconfigFiles(access).load(), access)
        let settings = try #require(choice.user.exec)
        let plugin = try ExecPlugin(settings, choice.cluster, ServerURL(choice.cluster.server), access)
        return ExecCredentials(plugin, clock: time.clock, limits: limits)
    }

    private func write(_ command: String, _ more: String, _ cluster: String, other: String = "", in folder: ScratchFolder? = nil) throws {
        let folder = folder ?? self.folder
        try folder.write("ca.crt", KubeconfigSamples.certificate)
        let mode = more.contains("interactiveMode") ? "" : ", interactiveMode: Never"
        try folder.write(
            "config",
            """
            clusters: [{name: c, cluster: {server: "https://127.0.0.1:9/a?b=c"\(cluster.isEmpty ? "" : ", ")\(cluster)}}]
            users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: \(command)\(mode)\(more.isEmpty ? "" : ", ")\(more)}\(other)}}]
            contexts: [{name: x, context: {cluster: c, user: u}}]
            current-context: x
            """)
    }

    private func access(in folder: ScratchFolder? = nil) -> ClusterAccess {
        let folder = folder ?? self.folder
        var access = ClusterAccess()
        access.kubeconfig = "\(folder.path)/config"
        access.variables = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        return access
    }

    private func oracle() -> KubectlOracle {
        KubectlOracle(arguments: ["--kubeconfig", "\(folder.path)/config"], home: folder.path)
    }
}

/// What a script prints: an answer with this status.
private func answer(_ status: String) -> String {
    #"printf '%s\n' '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{\#(status)}}'"#
}

/// A clock that stands until it is set.
final class ManualClock: Sendable {
    private let state = Mutex((wall: 0.0, uptime: 0.0))

    var wall: Double {
        get { state.withLock { $0.wall } }
        set { state.withLock { $0.wall = newValue } }
    }
    var uptime: Double {
        get { state.withLock { $0.uptime } }
        set { state.withLock { $0.uptime = newValue } }
    }

    var clock: CredentialClock { CredentialClock(uptime: { self.uptime }, wall: { self.wall }) }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }

    fileprivate var failure: (any Error)? {
        if case .failure(let error) = self { error } else { nil }
    }
}
