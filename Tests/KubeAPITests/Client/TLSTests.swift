import JSONText
import TestKit
import Testing

@testable import KubeAPI

/// TLS and the way to the server, on a stub with certificates made by openssl. What a user reads is compared with what the
/// real kubectl prints for the same server.
@Suite struct TLSTests {
    private static let version: [String: [JSONValue]] = ["/version": [["body": #"{"gitVersion":"v1"}"#]]]

    /// What kubectl prints last for `get --raw /version`.
    private func kubectl(_ server: String, _ more: String...) throws -> String {
        let environment = ["KUBECONFIG": try Certificates.path("none"), "HOME": try Certificates.folder.get(), "PATH": Programs.path]
        // Without a token it would ask for a name and a password.
        let arguments = [Programs.kubectl, "get", "--raw", "/version", "--token", "none", "--server", server] + more
        return try Command.outcome(arguments, environment: environment).errors.split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test(arguments: ["rsa-pkcs1", "rsa-pkcs8", "ec-sec1", "ec-parameters", "ec-pkcs8", "ed25519", "chain", "crlf"])
    func `a client shows its certificate, whatever kind its key is of`(name: String) async throws {
        let stub = try StubServer(Self.version, clientAuthority: "ca")
        let credential = Credential(clientCertificate: try Certificates.pem("\(name).crt"), clientKey: try Certificates.pem("\(name).key"))
        let client = KubeClient(try .test(stub, credentials: FixedCredential(credential)))
        #expect(try await client.getRaw("/version")["gitVersion"] == "v1")
        #expect(stub.requests.last?.client == (name == "crlf" ? "rsa-pkcs8" : name))
    }

    @Test func `a key that is encrypted or another certificate's is an error, and nobody is asked for a password`() async throws {
        let stub = try StubServer(Self.version, clientAuthority: "ca")
        for (name, words) in [("encrypted", "failed to parse private key"), ("mismatch", "private key does not match public key")] {
            let credential = Credential(
                clientCertificate: try Certificates.pem("\(name).crt"), clientKey: try Certificates.pem("\(name).key"))
            let client = KubeClient(try .test(stub, credentials: FixedCredential(credential)))
            let text = await printed { try await client.getRaw("/version") }
            #expect(text.contains(words), "\(text)")
        }
    }

    @Test func `a server that wants a certificate says so`() async throws {
        let stub = try StubServer(Self.version, clientAuthority: "ca")
        let client = KubeClient(try .test(stub))
        let text = await printed { try await client.getRaw("/version") }
        #expect(text == "Unable to connect to the server: remote error: tls: certificate required")
        #expect(text == (try kubectl(stub.url, "--certificate-authority", Certificates.path("ca.crt"))))
    }

    @Test(arguments: [
        ("server", "other", "certificate signed by unknown authority"),
        ("addressed", "ca", "certificate is valid for 192.0.2.1, 2001:db8::1, not 127.0.0.1"),
        ("named", "ca", "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs"),
        ("client-only", "ca", "certificate specifies an incompatible key usage"),
    ])
    func `a certificate that isn't right is refused in kubectl's words`(certificate: String, authority: String, words: String) async throws
    {
        let stub = try StubServer(Self.version, certificate: certificate)
        let client = KubeClient(.test(stub.url, .pem(try Certificates.pem("\(authority).crt"))))
        let text = await printed { try await client.getRaw("/version") }
        #expect(text == "Unable to connect to the server: tls: failed to verify certificate: x509: \(words)")
        #expect(text == (try kubectl(stub.url, "--certificate-authority", Certificates.path("\(authority).crt"))))
        #expect(stub.requests.isEmpty)
    }

    @Test func `an expired certificate is refused`() async throws {
        let stub = try StubServer(Self.version, certificate: "expired")
        let text = await printed { try await KubeClient(.test(stub)).getRaw("/version") }
        #expect(
            text.hasPrefix(
                "Unable to connect to the server: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: "))
    }

    @Test func `the system's authorities don't sign for a cluster that names its own, and don't know the stub's`() async throws {
        let stub = try StubServer(Self.version)
        let text = await printed { try await KubeClient(.test(stub.url, .system)).getRaw("/version") }
        #expect(text == "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority")
    }

    @Test func `without a check, and only then, any certificate will do`() async throws {
        let stub = try StubServer(Self.version, certificate: "expired")
        #expect(try await KubeClient(.test(stub.url, .unchecked)).getRaw("/version")["gitVersion"] == "v1")
    }

    @Test(arguments: ["", "no certificate", "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"])
    func `an authority that is none is an error, not an absent check`(text: String) async throws {
        let stub = try StubServer(Self.version)
        let error = await printed { try await KubeClient(.test(stub.url, .pem(Array(text.utf8)))).getRaw("/version") }
        #expect(error.contains("unable to load root certificates"), "\(error)")
        #expect(stub.requests.isEmpty)
    }

    @Test func `an authority's file is read again when it changes, and one that was never there is an error`() async throws {
        let stub = try StubServer(Self.version)
        let file = try Certificates.path("rotating.crt")
        let client = KubeClient(.test(stub.url, .file(file)))
        let missing = await printed { try await client.getRaw("/version") }
        #expect(missing == "error: unable to read certificate-authority \(file): open \(file): no such file or directory")
        try Command.run(["cp", Certificates.path("other.crt"), file])
        #expect(await printed { try await client.getRaw("/version") }.contains("unknown authority"))
        try Command.run(["cp", Certificates.path("ca.crt"), file + ".new"])
        try Command.run(["mv", file + ".new", file])
        #expect(try await client.getRaw("/version")["gitVersion"] == "v1")
        try Command.run(["rm", file])
        #expect(try await client.getRaw("/version")["gitVersion"] == "v1")
    }

    @Test func `a TLS server name is asked for and checked, and the Host header stays the address`() async throws {
        let stub = try StubServer(Self.version, certificate: "named")
        var connection = try APIConnection.test(stub)
        connection.tlsServerName = "api.stub.test"
        #expect(try await KubeClient(connection).getRaw("/version")["gitVersion"] == "v1")
        #expect(stub.requests.last?.sni == "api.stub.test")
        #expect(stub.requests.last?.header("host") == "127.0.0.1:\(stub.port)")
        connection.tlsServerName = "wrong.example"
        let wrong = connection
        let text = await printed { try await KubeClient(wrong).getRaw("/version") }
        #expect(
            text
                == "Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for api.stub.test, *.stub.test, not wrong.example"
        )
        #expect(
            text == (try kubectl(stub.url, "--certificate-authority", Certificates.path("ca.crt"), "--tls-server-name", "wrong.example")))
    }

    @Test func `a new client certificate takes a new connection`() async throws {
        let stub = try StubServer(Self.version, clientAuthority: "ca")
        let credentials = try ChangingCredential(["rsa-pkcs8", "rsa-pkcs8", "ed25519", "rsa-pkcs8"])
        let client = KubeClient(try .test(stub, credentials: credentials))
        for _ in 0..<4 { _ = try await client.getRaw("/version") }
        #expect(stub.requests.map(\.client) == ["rsa-pkcs8", "rsa-pkcs8", "ed25519", "rsa-pkcs8"])
        #expect(stub.requests[0].connection == stub.requests[1].connection)
        #expect(stub.requests[2].connection != stub.requests[1].connection)
    }

    @Test func `a server on IPv6 with a path in front of everything is reached`() async throws {
        let stub = try StubServer(["/k8s/clusters/c-1/version": [["body": "{}"]]], address: "::1")
        var connection = try APIConnection.test(stub)
        connection.server += "/k8s/clusters/c-1/"
        _ = try await KubeClient(connection).getRaw("/version?timeout=1s")
        #expect(stub.requests.last?.target == "/k8s/clusters/c-1/version?timeout=1s")
        #expect(stub.requests.last?.header("host") == "[::1]:\(stub.port)")
    }

    @Test func `credentials don't go over plain HTTP, and the plugin isn't even asked`() async throws {
        let stub = try StubServer(Self.version, certificate: nil)
        let credentials = FixedCredential(Credential(authorization: "Bearer secret"))
        var connection = APIConnection.test(stub.url, credentials: credentials)
        connection.impersonation = [("Impersonate-User", "jane"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")]
        _ = try await KubeClient(connection).getRaw("/version")
        let request = try #require(stub.requests.last)
        #expect(request.header("authorization") == nil && credentials.asked == 0)
        #expect(request.headers.filter { $0.name == "impersonate-group" }.map(\.value) == ["a", "b"])
    }

    @Test func `what isn't a server, isn't there, doesn't speak TLS or isn't a name is said in kubectl's words`() async throws {
        let plain = try StubServer(Self.version, certificate: nil)
        let servers = ["https://127.0.0.1:1", "https://127.0.0.1:\(plain.port)"]
        for server in servers {
            let text = await printed { try await KubeClient(.test(server)).getRaw("/version") }
            #expect(text == (try kubectl(server, "--insecure-skip-tls-verify")))
        }
        let unknown = await printed { try await KubeClient(.test("https://no.such.invalid:6443")).getRaw("/version") }
        #expect(unknown == "Unable to connect to the server: dial tcp: lookup no.such.invalid: no such host")
        #expect(await printed { try await KubeClient(.test("10.0.0.1")).getRaw("/version") }.contains("is not a URL"))
    }

    @Test(arguments: ["https://h:6443", "https://127.0.0.1:6443/a/b/?x#y", "https://user:password@[::1]/", "http://h"])
    func `a server's URL is taken apart`(url: String) throws {
        let address = try #require(ServerAddress(url))
        switch address.host {
        case "h" where address.isSecure: #expect((address.port, address.prefix, address.authority) == (6443, "", "h:6443"))
        case "h": #expect(address.port == 80)
        case "127.0.0.1": #expect((address.port, address.prefix) == (6443, "/a/b"))
        default: #expect((address.host, address.port, address.authority) == ("::1", 443, "[::1]"))
        }
        for wrong in ["h:6443", "ftp://h", "https://", "https://h:0", "https://h:99999", "https://::1", "https://a b", "https://[::1"] {
            #expect(ServerAddress(wrong) == nil, "\(wrong)")
        }
    }
}

/// One certificate after the other.
private actor ChangingCredential: CredentialProviding {
    private var names: [String]
    init(_ names: [String]) throws { self.names = names }

    func credential() async throws -> Credential {
        let name = names.isEmpty ? "" : names.removeFirst()
        return Credential(clientCertificate: try Certificates.pem("\(name).crt"), clientKey: try Certificates.pem("\(name).key"))
    }

    func wasRejected(_ credential: Credential) async {}
}
