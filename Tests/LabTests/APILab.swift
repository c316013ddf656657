import TestKit
import Testing

/// Gives the tests of a suite one lab on a real API server: it takes ten seconds to come up.
///
/// A test of such a suite leaves the lab as it found it: everything runs, and there is no policy.
struct APILab: SuiteTrait, TestScoping {
    @TaskLocal static var current: Lab?

    func provideScope(for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void) async throws {
        try await Lab.with(onAPI: true) { lab in
            try await Self.$current.withValue(lab) { try await body() }
        }
    }
}

extension Trait where Self == APILab {
    static var apiLab: Self { APILab() }
}

/// Requests over one connection, ten a second, while a test breaks things.
struct LongConnection {
    private let lab: Lab
    private let tag: String
    private let client: RunningCommand

    init(_ lab: Lab, from pod: String, seconds: Int) throws {
        self.lab = lab
        tag = "long-\(UInt32.random(in: 0 ... .max))"
        client = try lab.start(
            pod, "python3", "-c",
            """
            import http.client, time
            c = http.client.HTTPConnection("\(Lab.outside)", 80, timeout=3)
            for i in range(\(seconds * 10)):
                c.request("GET", "/\(tag)")
                c.getresponse().read()
                time.sleep(0.1)
            print("ended well")
            """)
    }

    /// Waits for the first answer.
    func begin() async throws {
        let log = try await lab.eventually("/\(tag) ") { try lab.call("log") }
        guard log.contains("/\(tag) ") else { throw TestKitError("the connection doesn't begin") }
    }

    /// Waits for its end, and says from which addresses and ports nginx saw it: one, when it lived all the time.
    func sources() throws -> Set<String> {
        let outcome = client.finish()
        guard outcome.output.contains("ended well") else { throw TestKitError("the connection broke: \(outcome.errors)") }
        let lines = try lab.accessLog().filter { $0.contains("/\(tag) ") }
        return Set(lines.map { $0.split(separator: " ").prefix(2).joined(separator: ":") })
    }

    func stop() { client.stop() }
}
