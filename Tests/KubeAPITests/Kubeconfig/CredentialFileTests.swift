import EgressPorts
import Glibc
import TestKit
import Testing

@testable import KubeAPI

@Suite struct CredentialFileTests {
    private let folder: ScratchFolder
    private let time: ManualClock = ManualClock()

    init() throws { folder = try ScratchFolder() }

    @Test func `a token file is read again after fifty seconds, not before`() async throws {
        let credentials = try provider { $0.tokenFile = try folder.write("tok", "one\n") }
        #expect(try await credentials.credential().authorization == "Bearer one")
        try folder.write("tok", "two\n")
        time.uptime = 49
        #expect(try await credentials.credential().authorization == "Bearer one")
        time.uptime = 51
        #expect(try await credentials.credential().authorization == "Bearer two")
    }

    @Test(arguments: ["", " \n", "a\u{1}b"])
    func `a token file that fails for a moment leaves the last token`(_ broken: String) async throws {
        let credentials = try provider { $0.tokenFile = try folder.write("tok", "one") }
        #expect(try await credentials.credential().authorization == "Bearer one")
        try folder.write("tok", broken)
        time.uptime = 60
        #expect(try await credentials.credential().authorization == "Bearer one")
        unlink("\(folder.path)/tok")
        #expect(try await credentials.credential().authorization == "Bearer one")
        try folder.write("tok", "two")
        #expect(try await credentials.credential().authorization == "Bearer two")
    }

    @Test func `a refused token is read again by the next request`() async throws {
        let credentials = try provider { $0.tokenFile = try folder.write("tok", "one") }
        let first = try await credentials.credential()
        try folder.write("tok", "two")
        await credentials.wasRejected(first)
        #expect(try await credentials.credential().authorization == "Bearer two")
    }

    @Test func `an empty token file at the start is an error`() throws {
        let path = try folder.write("tok", "\n")
        let error = #expect(throws: ClusterError.self) { try provider { $0.tokenFile = path } }
        #expect(error?.message == "read empty token from \"\(path)\"")
    }

    @Test func `a renewed certificate is used, a broken one isn't`() async throws {
        let (certificate, key) = (try folder.write("c", KubeconfigSamples.certificate), try folder.write("k", KubeconfigSamples.key))
        let credentials = try provider { ($0.certificateFile, $0.keyFile) = (certificate, key) }
        let first = try await credentials.credential()
        try folder.write("c", "half of a cer")
        #expect(try await credentials.credential() == first)
        try folder.write("c", KubeconfigSamples.certificate + KubeconfigSamples.certificate)
        let second = try await credentials.credential()
        #expect(second.clientCertificate == Array((KubeconfigSamples.certificate + KubeconfigSamples.certificate).utf8))
        try folder.write("k", KubeconfigSamples.key + "\n")
        #expect(try await credentials.credential().clientKey == Array((KubeconfigSamples.key + "\n").utf8))
    }

    @Test func `nothing that prints a credential prints the secret`() throws {
        let secret = "s3cr3t"
        var user = KubeconfigUser()
        (user.token, user.password) = (secret, secret)
        user.exec = KubeconfigExec(variables: [.init(name: "A", value: secret)])
        let credential = Credential(authorization: "Bearer \(secret)", clientCertificate: nil, clientKey: Array(secret.utf8))
        var texts = [
            "\(user)", "\(credential)", "\(String(describing: user.exec))", String(reflecting: user), String(reflecting: credential),
        ]
        for value in [user, credential, [credential], ["a": user]] as [Any] {
            var text = ""
            dump(value, to: &text)
            texts.append(text)
        }
        #expect(texts.allSatisfy { !$0.contains(secret) && !$0.contains("115") })
    }

    private func provider(_ change: (inout KubeconfigUser) throws -> Void) throws -> any CredentialProviding {
        var user = KubeconfigUser()
        try change(&user)
        var access = ClusterAccess()
        access.server = "https://127.0.0.1:9"
        var choice = try KubeconfigChoice(Kubeconfig(), access)
        choice.user = user
        return try CredentialChoice(choice, access, ServerURL("https://127.0.0.1:9")).provider(clock: time.clock)
    }
}
