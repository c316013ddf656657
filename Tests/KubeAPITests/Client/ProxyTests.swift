import JSONText
import Testing

@testable import KubeAPI

@Suite struct ProxyTests {
    private static let version: [String: [JSONValue]] = ["/version": [["body": #"{"gitVersion":"v1"}"#]]]

    @Test(arguments: ["http", "https"])
    func `a proxy is asked for a tunnel, and never sees what is meant for the server`(kind: String) async throws {
        let stub = try StubServer(Self.version)
        let proxy = try StubProxy(kind)
        var connection = try APIConnection.test(stub, credentials: FixedCredential(Credential(authorization: "Bearer secret")))
        connection.proxy = "\(kind)://127.0.0.1:\(proxy.port)"
        _ = try await KubeClient(connection).getRaw("/version")
        #expect(proxy.said.contains("CONNECT 127.0.0.1:\(stub.port) HTTP/1.1"), "\(proxy.said)")
        #expect(!proxy.said.contains("secret"))
        #expect(stub.requests.last?.header("authorization") == "Bearer secret")
    }

    @Test func `a SOCKS proxy resolves the name, and with a TLS server name is asked for the host`() async throws {
        let stub = try StubServer(Self.version)
        let proxy = try StubProxy("socks5")
        var connection = try APIConnection.test(stub)
        connection.proxy = "socks5://127.0.0.1:\(proxy.port)"
        connection.server = "https://api.stub.test:\(stub.port)"
        _ = try await KubeClient(connection).getRaw("/version")
        #expect(proxy.said.contains("api.stub.test:\(stub.port)"), "\(proxy.said)")
        connection.server = "https://other.test:\(stub.port)"
        connection.tlsServerName = "api.stub.test"
        _ = try await KubeClient(connection).getRaw("/version")
        #expect(proxy.said.contains("other.test:\(stub.port)"), "\(proxy.said)")
    }

    @Test func `a proxy that refuses or isn't there is what the error speaks of`() async throws {
        let proxy = try StubProxy("refusing")
        var connection = APIConnection.test("https://api.stub.test:6443")
        connection.proxy = "http://user:password@127.0.0.1:\(proxy.port)"
        let refused = connection
        #expect(
            await printed { try await KubeClient(refused).getRaw("/version") }
                == "Unable to connect to the server: Proxy Authentication Required")
        connection.proxy = "http://user:password@127.0.0.1:1"
        let absent = connection
        let text = await printed { try await KubeClient(absent).getRaw("/version") }
        #expect(text == "Unable to connect to the server: proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused")
    }

    private func proxy(_ url: String, _ variables: [String: String], configured: String? = nil) throws -> String? {
        ProxyChoice.proxy(for: try #require(ServerAddress(url)), configured: configured) { variables[$0] }
    }

    @Test func `the environment names a proxy by scheme, and loopback never takes it`() throws {
        let variables = ["HTTPS_PROXY": "http://p:3128", "http_proxy": "q"]
        #expect(try proxy("https://api:6443", variables) == "http://p:3128")
        #expect(try proxy("http://api", variables) == "http://q")
        for server in ["https://localhost:6443", "https://127.0.0.1:6443", "https://127.9.9.9", "https://[::1]:6443"] {
            #expect(try proxy(server, variables) == nil)
            #expect(try proxy(server, variables, configured: "socks5://s:1080") == "socks5h://s:1080")
        }
        #expect(try proxy("https://api:6443", variables, configured: "") == nil)
        #expect(try proxy("https://api:6443", [:]) == nil)
    }

    @Test(arguments: [
        ("*", true), ("api.example.org", true), ("example.org", true), (".example.org", true), ("*.example.org", true),
        ("ample.org", false),
        ("api.example.org:6443", true), ("api.example.org:443", false), ("10.0.0.0/8", false), ("other, API.EXAMPLE.ORG ", true),
        ("", false),
    ])
    func `NO_PROXY names domains`(list: String, isExcepted: Bool) throws {
        let variables = ["HTTPS_PROXY": "http://p", "NO_PROXY": list]
        #expect((try proxy("https://api.example.org:6443", variables) == nil) == isExcepted)
    }

    @Test(arguments: [("10.0.0.0/8", true), ("10.1.2.3", true), ("10.1.2.3:6443", true), ("10.1.2.3:1", false), ("192.168.0.0/16", false)])
    func `NO_PROXY names addresses`(list: String, isExcepted: Bool) throws {
        let variables = ["https_proxy": "http://p", "no_proxy": list]
        #expect((try proxy("https://10.1.2.3:6443", variables) == nil) == isExcepted)
    }
}
