import EgressPorts
import JSONText
import TestKit
import Testing

@testable import KubeAPI

/// What kubectl sends with a kubeconfig and flags, as a server sees it, against what we would send.
@Suite(.requires(.api)) struct RequestMatrixTests {
    private static let users = """
        - {name: token, user: {token: tok}}
        - {name: file, user: {tokenFile: tokfile}}
        - {name: both, user: {token: tok, tokenFile: tokfile}}
        - {name: unreadable, user: {token: tok, tokenFile: nofile}}
        - {name: basic, user: {username: ann, password: 's3cret:x'}}
        - {name: nopassword, user: {username: ann}}
        - {name: basicfile, user: {username: ann, password: x, tokenFile: tokfile}}
        - {name: pkcs1, user: {client-certificate: pkcs1.crt, client-key: pkcs1.key}}
        - {name: sec1, user: {client-certificate: sec1.crt, client-key: sec1.key}}
        - {name: pkcs8, user: {client-certificate: pkcs8.crt, client-key: pkcs8.key, token: tok}}
        - {name: ed25519, user: {client-certificate: ed25519.crt, client-key: ed25519.key}}
        - {name: parameters, user: {client-certificate: parameters.crt, client-key: parameters.key}}
        - {name: encrypted, user: {client-certificate: encrypted.crt, client-key: encrypted.key}}
        - {name: oldencrypted, user: {client-certificate: oldencrypted.crt, client-key: oldencrypted.key}}
        - {name: certbasic, user: {client-certificate: sec1.crt, client-key: sec1.key, username: ann, password: p}}
        - {name: as, user: {token: tok, as: eve@example.com, as-uid: "42", as-groups: [g1, "g 2"], as-user-extra: {scopes/Foo: [a, b], "x%y": [é], UP: [""]}}}
        - {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./cred, interactiveMode: Never}}}
        - {name: pluginbasic, user: {username: ann, password: x, exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./cred}}}
        - {name: oidctoken, user: {token: tok, auth-provider: {name: foo}}}
        """

    private static let flags: [[String]] =
        [
            "token", "file", "both", "unreadable", "basic", "nopassword", "basicfile", "pkcs1", "sec1", "pkcs8", "ed25519", "parameters",
            "encrypted", "oldencrypted", "certbasic", "as", "plugin", "pluginbasic", "oidctoken",
        ].map { ["--user", $0] } + [
            ["--user", "token", "--token", "flag"], ["--user", "basic", "--token", "flag"],
            ["--user", "sec1", "--token", "flag"], ["--user", "plugin", "--token", "flag"], ["--user", "token", "--token", ""],
            ["--user", "sec1", "--client-certificate", "DIR/pkcs8.crt", "--client-key", "DIR/pkcs8.key"],
            ["--user", "token", "--client-certificate", "DIR/pkcs8.crt", "--client-key", "DIR/pkcs8.key"],
            ["--user", "token", "--as", "bob"], ["--user", "token", "--as", "bob", "--as-group", "x", "--as-group", "y", "--as-uid", "7"],
            ["--user", "as", "--as", "bob"], ["--user", "as", "--as-group", "z"], ["--user", "as", "--as-uid", "1"],
            ["--user", "token", "--server", "https://127.0.0.1:PORT"],
            ["--user", "token", "--server", "https://localhost:PORT/x/y/?q=1#f"],
            ["--user", "token", "--tls-server-name", "api.test"],
            ["--user", "token", "--tls-server-name", "api.test", "--server", "https://localhost:PORT"],
            ["--user", "token", "--insecure-skip-tls-verify"], ["--user", "token", "--certificate-authority", "DIR/ca.crt"],
            ["--user", "token", "--server", "HTTPS://LOCALHOST:PORT"], ["--user", "token", "--cluster", "other"],
        ]

    /// A flag that kubectl takes and then doesn't use: it goes on to send the file's token.
    @Test func `a token given by flag wins over a token file`() async throws {
        let folder = try ScratchFolder()
        try folder.write("tokfile", "filetok")
        try folder.write("config", "users: [{name: file, user: {tokenFile: tokfile}}]")
        let words = ["--kubeconfig", "\(folder.path)/config", "--user", "file", "--token", "flag", "--server", "https://127.0.0.1:9"]
        let ours = try APIConnection.resolve(KubectlOracle(arguments: words, home: folder.path).access, podFolder: "/nonexistent")
        #expect(try await ours.credentials.credential().authorization == "Bearer flag")
    }

    @Test func `kubectl and we send the same`() async throws {
        let folder = try ScratchFolder()
        let recorder = try RequestRecorder(folder)
        try folder.write("tokfile", " filetok\n")
        _ = try folder.script(
            "cred", #"echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"plugtok"}}'"#)
        try folder.write(
            "config",
            """
            clusters:
            - {name: c, cluster: {server: "https://127.0.0.1:\(recorder.port)/prefix", certificate-authority: ca.crt, tls-server-name: localhost}}
            - {name: other, cluster: {server: "https://localhost:\(recorder.port)", certificate-authority: ca.crt}}
            users:
            \(Self.users)
            contexts: [{name: x, context: {cluster: c, user: token}}]
            current-context: x
            """)
        for words in Self.flags {
            let words =
                ["--kubeconfig", "\(folder.path)/config"]
                + words.map { $0.replacing("DIR", with: folder.path).replacing("PORT", with: "\(recorder.port)") }
            try await compare(KubectlOracle(arguments: words, home: folder.path), recorder)
        }
    }

    private func compare(_ oracle: KubectlOracle, _ recorder: RequestRecorder) async throws {
        let before = try recorder.requests().count
        let outcome = try oracle.run(["api-versions"])
        let came = try recorder.requests().dropFirst(before)
        let label = Comment(rawValue: "\(oracle.arguments.dropFirst(2)): \(outcome.errors)")
        guard let request = came.first else {
            let error = #expect(throws: ClusterError.self, label) { try APIConnection.resolve(oracle.access, podFolder: "/nonexistent") }
            if let error { #expect(outcome.errors.contains(error.message), label) }
            return
        }
        let ours: APIConnection
        do { ours = try APIConnection.resolve(oracle.access, podFolder: "/nonexistent") } catch {
            Issue.record("\(label): \(error)")
            return
        }
        let credential = try await ours.credentials.credential()
        #expect(credential.authorization == request["headers"]?["authorization"]?[0]?.stringValue, label)
        let sent = (request["headers"]?.objectValue?.members ?? []).filter { $0.key.hasPrefix("impersonate-") }
        let theirs = sent.flatMap { member in (member.value.arrayValue ?? []).map { "\(member.key): \(latin1Undone($0.stringValue ?? ""))" }
        }.sorted()
        #expect(ours.impersonation.map { "\($0.name.lowercased()): \($0.value)" }.sorted() == theirs, label)
        #expect((credential.clientCertificate == nil) == (request["certificate"] == ""), label)
        let location = ours.server.split(separator: "/", omittingEmptySubsequences: false)
        // It asks for more than one thing, in any order.
        let prefix = request["path"]?.stringValue?.split(separator: "?").first?.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast()
        #expect(location.dropFirst(3).map(String.init) == prefix?.dropFirst().map(String.init), label)
        let name = ours.tlsServerName ?? location[2].split(separator: ":").first.map(String.init) ?? ""
        #expect((name == "127.0.0.1" ? "" : name) == request["name"]?.stringValue, label)
    }

    /// Python reads headers as Latin-1.
    private func latin1Undone(_ text: String) -> String {
        String(decoding: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, as: UTF8.self)
    }
}
