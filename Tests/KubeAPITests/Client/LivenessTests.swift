import Glibc
import JSONText
import TestKit
import Testing

@testable import KubeAPI

/// A peer that is gone without a word, in a network of its own.
@Suite(.requires(.packet)) struct LivenessTests {
    @Test func `a connection whose peer is gone without a word ends, though nothing is sent over it`() async throws {
        let signal = try Certificates.path("drop")
        let held = try await Sandbox.run { _ in
            try Command.run(["ip", "link", "set", "lo", "up"])
            let stub = try StubServer(["/watch": [["chunks": ["{}\n"], "hold": true]]])
            // The transport's thread and the stub stay in the namespace of the thread that starts them.
            let transport = HTTPTransport()
            let server = try #require(ServerAddress(stub.url))
            let route = HTTPRoute(server: server, authority: .pem(try Certificates.pem("ca.crt")), livenessSeconds: 4)
            let transfer = transport.start(HTTPRequest(target: "/watch", route: route, reading: .stream(window: 1 << 20)))
            let drop =
                "until [ -e \(signal) ]; do sleep 0.1; done; nft 'add table ip egt; add chain ip egt out { type filter hook output priority 0; policy drop; }'"
            return Held(stub: stub, transport: transport, transfer: transfer, drop: try Command.start(["sh", "-c", drop]))
        }
        defer { held.transport.close() }
        #expect(try await held.transfer.head().status == 200)
        #expect(try await held.transfer.nextBytes() == Array("{}\n".utf8))
        try FileText.write("", to: signal)
        let start = ContinuousClock.now
        let failure = await #expect(throws: TransportFailure.self) { try await held.transfer.nextBytes() }
        let time = ContinuousClock.now - start
        #expect(time < .seconds(30), "\(time)")
        #expect(failure?.message.contains("connection timed out") == true, "\(failure?.message ?? "")")
        #expect(held.drop.finish().succeeded)
    }
}

/// What lives on after the thread that started it. Safe because one task after the other uses it.
private struct Held: @unchecked Sendable {
    let stub: StubServer
    let transport: HTTPTransport
    let transfer: Transfer
    let drop: RunningCommand
}
