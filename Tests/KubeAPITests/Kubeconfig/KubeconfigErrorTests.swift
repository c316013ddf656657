import EgressPorts
import TestKit
import Testing

@testable import KubeAPI

/// What is wrong is said in kubectl's words: both get the same file and flags.
@Suite(.requires(.api)) struct KubeconfigErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var arguments: [String] = []
        var testDescription: String { "\(text.suffix(120)) \(arguments.joined(separator: " "))" }
    }

    @Test(arguments: wholeFiles + users.map(user) + clusters.map(cluster) + flags)
    func `an error is kubectl's`(_ sample: Case) throws {
        let folder = try ScratchFolder()
        try folder.write("config", sample.text)
        try folder.write("ca.crt", KubeconfigSamples.certificate)
        let arguments = ["--kubeconfig", "DIR/config"] + sample.arguments
        let oracle = KubectlOracle(arguments: arguments.map { $0.replacing("DIR", with: folder.path) }, home: folder.path)
        let theirs = try oracle.run(["get", "pods"])
        #expect(theirs.status == 1)
        let ours = #expect(throws: ClusterError.self) { try APIConnection.resolve(oracle.access, podFolder: "/nonexistent") }
        #expect(ours?.printed == withoutScheme(theirs.errors))
    }

    @Test func `every file that can't be read is told of`() throws {
        let folder = try ScratchFolder()
        try folder.write("a", "a: [\n")
        try folder.write("b", "a: {b\n: c\n")
        let oracle = KubectlOracle(
            arguments: ["KUBECONFIG=\(folder.path)/a:\(folder.path)/none:\(folder.path)/b:/etc/passwd/x"], home: folder.path)
        let ours = #expect(throws: ClusterError.self) { try APIConnection.resolve(oracle.access, podFolder: "/nonexistent") }
        #expect(ours?.printed == withoutScheme(try oracle.run(["get", "pods"]).errors))
    }

    @Test func `a missing file that a flag names is an error`() throws {
        let oracle = KubectlOracle(arguments: ["--kubeconfig", "/nonexistent/a:/b"], home: "/nonexistent")
        let ours = #expect(throws: ClusterError.self) { try APIConnection.resolve(oracle.access, podFolder: "/nonexistent") }
        #expect(ours?.printed == withoutScheme(try oracle.run(["get", "pods"]).errors))
    }

    /// kubectl ends some with the place in its own source where kinds are registered, and logs each try to find the API.
    private func withoutScheme(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var text = lines.filter { !$0.contains("memcache.go") }.joined(separator: "\n")
        if let scheme = text.firstRange(of: " in scheme \"") { text = String(text[..<scheme.lowerBound]) }
        return text.last == "\n" ? String(text.dropLast()) : text
    }

    private static let certificateData = Base64.encode(Array(KubeconfigSamples.certificate.utf8))
    private static let keyData = Base64.encode(Array(KubeconfigSamples.key.utf8))

    private static let wholeFiles = [
        "apiVersion: v1\nkind: Konfig\n", "apiVersion: v2\nkind: Config\n", "kind: Foo\n", "apiVersion: x/v1\n", "[1, 2]\n", "abc\n",
        "12\n", "yes\n",
        "clusters: [\n", "clusters: {a: b}\n", "clusters: x\n", "clusters: [x]\n", "clusters:\n- name: a\n  cluster: x\n",
        "clusters:\n- name: yes\n",
        "current-context: 1.5\n", "contexts: [{context: {namespace: [a]}}]\n", "contexts: [{context: {user: 012}}]\n", "users: 1\n",
        "a: b\n\tc: d\n", "a: \"b\nclusters: []\n", "a: b: c\n", "%%\n", "a: \u{1}\n", "\n\n  clusters: [\n c: d\n", "x:\n- a\nb\n",
        "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"current-context\": tru", "a: 'b\n\n", "- a\nb: c\n", "a: [b\nc: d\n",
        "users: 1\nclusters: 2\n",
        "current-context: nope\n", "apiVersion: 1\n", "kind: [a]\n",
    ].map { Case(text: $0) }

    private static let users = [
        "{password: y}", "{token: 12}", "{token: {a: b}}", "{as-groups: x}", "{as-groups: [1]}", "{as-user-extra: {a: x}}",
        "{as-user-extra: [x]}",
        "{client-certificate-data: 'a*'}", "{client-key-data: 'YQ='}", "{client-key-data: 'YQ==='}", "{client-key-data: 'Y=Q='}",
        "{exec: {args: [1]}}",
        "{exec: {env: [{name: 1}]}}", "{exec: x}", "{exec: {provideClusterInfo: 'true'}}", "{auth-provider: {name: 1}}",
        "{auth-provider: 1}",
        "{token: a, username: b}", "{token: a, password: b}", "{client-certificate-data: YQ==}",
        "{client-certificate: nofile, client-key: nokey}",
        "{client-certificate: nofile, client-key: nokey, token: a, password: b, as-uid: '1'}",
        "{client-certificate-data: YQ==, client-key-data: YQ==}", "{client-certificate-data: CERTIFICATE, client-key-data: CERTIFICATE}",
        "{client-certificate-data: KEY, client-key-data: KEY}",
        "{client-certificate-data: YQ==, client-certificate: ca.crt, client-key: ca.crt, client-key-data: YQ==}",
        "{tokenFile: nofile}", "{as-groups: [g]}", "{as-user-extra: {a: [b]}}", "{as-uid: x}", "{auth-provider: {name: gcp}}",
        "{auth-provider: {name: azure}}", "{auth-provider: {name: foo}}", "{exec: {command: a}, auth-provider: {name: foo}}",
        "{exec: {apiVersion: v9}}", "{exec: {}}", "{exec: {command: a, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Foo}}",
        "{exec: {command: a, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, env: [{value: x}]}}",
        "{exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1}}",
        "{exec: {command: a, apiVersion: client.authentication.k8s.io/v1}}",
        "{exec: {command: a, apiVersion: client.authentication.k8s.io/v7, interactiveMode: Never}}", "{token: \"a\\nb\"}",
        "{as: \"a\\nb\", token: x}",
    ]

    private static let clusters = [
        "{certificate-authority: nofile, SERVER}", "{certificate-authority-data: YQ==, SERVER}", "{certificate-authority-data: 12, SERVER}",
        "{certificate-authority-data: YQ==, insecure-skip-tls-verify: true, SERVER}",
        "{certificate-authority-data: YQ==, certificate-authority: ca.crt, SERVER}", "{certificate-authority: config, SERVER}",
        "{insecure-skip-tls-verify: 'true', SERVER}", "{disable-compression: 1, SERVER}", "{proxy-url: 'ftp://x', SERVER}",
        "{proxy-url: '::', SERVER}",
        "{proxy-url: 'localhost:3128', SERVER}", "{proxy-url: proxy, SERVER}", "{server: 'ftp://x'}", "{server: 'host/path'}",
        "{extensions: 1, SERVER}",
        "{server: 'https://'}", "{certificate-authority: /etc, SERVER}",
    ]

    private static let flags = [
        ["--context", "nope"], ["--cluster", "nope"], ["--user", "nope"], ["--certificate-authority", "/nofile"],
        ["--certificate-authority", "DIR/ca.crt", "--insecure-skip-tls-verify"], ["--as-group", "g"], ["--as-uid", "3"],
        ["--client-certificate", "nocert"], ["--client-certificate", "nocert", "--client-key", "nokey"],
        ["--client-key", "nokey", "--client-certificate", "DIR/ca.crt"],
        ["--server", "ftp://x"], ["--server", "host/path"], ["--server", "https://x y"],
    ].map { Case(text: text(user: "{token: t}", cluster: "{server: 'https://127.0.0.1:9'}"), arguments: $0) }

    private static func user(_ user: String) -> Case {
        Case(text: text(user: user, cluster: "{server: 'https://127.0.0.1:9'}"))
    }

    private static func cluster(_ cluster: String) -> Case {
        Case(text: text(user: "{token: t}", cluster: cluster.replacing("SERVER", with: "server: 'https://127.0.0.1:9'")))
    }

    private static func text(user: String, cluster: String) -> String {
        """
        clusters: [{name: c, cluster: \(cluster)}]
        users: [{name: u, user: \(user.replacing("CERTIFICATE", with: certificateData).replacing("KEY", with: keyData))}]
        contexts: [{name: x, context: {cluster: c, user: u}}]
        current-context: x

        """
    }
}
