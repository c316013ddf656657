import EgressPorts
import Testing

@testable import KubeAPI

@Suite struct AddressTests {
    @Test(arguments: [
        ("https://h:6443", "https://h:6443"), ("https://H/", "https://H"), ("https://h//", "https://h"),
        ("HTTPS://h/a/b/", "https://h/a/b"),
        ("https://h/k8s/clusters/c-1?x=1#f", "https://h/k8s/clusters/c-1"), ("https://h?x", "https://h"),
        ("https://[FD00::1]:1/x", "https://[FD00::1]:1/x"),
        ("https://[::1]", "https://[::1]"), ("10.0.0.1:6443", "http://10.0.0.1:6443"), ("localhost", "http://localhost"),
        ("localhost/", "http://localhost"),
        ("https://h:", "https://h"),
    ])
    func `a server is a URL without query and trailing slash`(_ text: String, _ expected: String) throws {
        #expect(try ServerURL(text).text == expected)
    }

    @Test(arguments: [
        "ftp://h", "https://", "https:///x", "https://h:x", "https://h:99999", "https://a b", "h/x", "https://u:p@h", "https://[::1",
        "https://[::1]x",
        "https://a:b:c", "https://h\u{1}", "://", "https://h:+1", "https://h:-1",
    ])
    func `what isn't one is an error that shows no password`(_ text: String) {
        let error = #expect(throws: ClusterError.self) { try ServerURL(text) }
        #expect(error?.message.contains("u:p") == false)
    }

    @Test(
        arguments: [
            (["HTTPS_PROXY": "http://p:1"], "https://h", "http://p:1"), (["https_proxy": "p:1"], "https://h", "http://p:1"),
            (["HTTPS_PROXY": "socks5://p:1"], "https://h", "socks5h://p:1"), (["HTTP_PROXY": "p"], "https://h", ""),
            (["HTTP_PROXY": "p"], "http://h", "http://p"),
            (["HTTP_PROXY": "p", "REQUEST_METHOD": "GET"], "http://h", ""), (["HTTPS_PROXY": "p"], "https://127.0.0.9:1", ""),
            (["HTTPS_PROXY": "p"], "https://localhost", ""), (["HTTPS_PROXY": "p"], "https://[::1]", ""), ([:], "https://h", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "*"], "https://h", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "a, 10.0.0.0/8"], "https://10.2.3.4", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "10.0.0.0/8"], "https://11.2.3.4", "http://p"),
            (["HTTPS_PROXY": "p", "no_proxy": "10.0.0.1:6443"], "https://10.0.0.1:6443", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "10.0.0.1:6443"], "https://10.0.0.1", "http://p"),
            (["HTTPS_PROXY": "p", "NO_PROXY": "[fd00::1]:443"], "https://[fd00::1]", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "fd00::1"], "https://[fd00::1]:9", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "example.com"], "https://a.Example.com", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "example.com"], "https://example.com", ""),
            (["HTTPS_PROXY": "p", "NO_PROXY": "example.com"], "https://anexample.com", "http://p"),
            (["HTTPS_PROXY": "p", "NO_PROXY": ".example.com"], "https://example.com", "http://p"),
            (["HTTPS_PROXY": "p", "NO_PROXY": "*.example.com"], "https://a.example.com", ""),
        ] as [([String: String], String, String)])
    func `the environment's proxy is the one that Go would take`(_ variables: [String: String], _ server: String, _ expected: String) throws
    {
        #expect(try ProxyAddress.fromEnvironment(variables, for: ServerURL(server)) == expected)
    }

    @Test func `a proxy's password isn't in an error`() {
        let error = #expect(throws: ClusterError.self) {
            try ProxyAddress.fromEnvironment(["HTTPS_PROXY": "ftp://u:pass@p"], for: ServerURL("https://h"))
        }
        #expect(error?.message == "HTTPS_PROXY is \"ftp://xxxxx@p\": not an http, https or socks5 URL")
    }

    @Test func `nothing secret is sent over plain HTTP`() async throws {
        var access = ClusterAccess()
        access.server = "http://192.0.2.1"
        access.token = "tok"
        let connection = try APIConnection.resolve(access, podFolder: "/nonexistent")
        #expect(try await connection.credentials.credential() == .none)
    }

    @Test func `base64 goes both ways at every length`() throws {
        for count in 0...70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test(arguments: [
        ("/a/./b/../c//d", "/a/c/d"), ("../x/./y", "../x/y"), ("/../a", "/a"), ("", "."), ("a/..", "."), ("../../a", "../../a"), ("/", "/"),
    ])
    func `paths are cleaned`(_ path: String, _ expected: String) {
        #expect(FilePath.clean(path) == expected)
    }
}
