import Foundation
import TestKit
import Testing

/// Links of different widths under pods of 1,500 octets: nothing vanishes without a word, in either family.
@Suite(.requires(.lab), .serialized)
struct SizesTests {
    private static let policies = [
        samplePolicy(),
        samplePolicy(name: "egress-sample-6", source: "egressIP: \"\(Lab.egressIP6)\"", destinations: #"["::/0"]"#),
    ]

    private static func with(_ mtu: Int, _ body: (Lab) async throws -> Void) async throws {
        try await Lab.with(options: ["--mtu", "\(mtu)", "--pod-mtu", "1500"]) { lab in
            for policy in policies { try lab.apply(policy) }
            #expect(try lab.seen("mediabot") == Lab.egressIP)
            try await body(lab)
        }
    }

    @Test(arguments: [1400, 1450, 1500])
    func `no size is a black hole, whatever the link between the nodes takes`(_ mtu: Int) async throws {
        try await Self.with(mtu) { lab in
            let receiver = try UploadServer(lab)
            defer { receiver.stop() }
            let datagrams = try LargeDatagrams(lab)
            defer { datagrams.stop() }
            let file = lab.path.appendingPathComponent("five").path
            #expect(FileManager.default.createFile(atPath: file, contents: Data(repeating: 0x65, count: 5_000_000)))
            for pod in ["mediabot", "mediabot-on-gateway"] {
                for outside in [Lab.outside, "[\(Lab.outside6)]"] {
                    let name = "\(pod), \(outside)"
                    let down = try lab.exec(
                        pod, "curl", "-gsS", "--max-time", "15", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null",
                        "-o", "/dev/null", "-w", "%{size_download} ", "http://\(outside)/big", "http://\(outside)/big",
                        "http://\(outside)/big", "http://\(outside)/big", "http://\(outside)/big")
                    #expect(down.output == String(repeating: "1048576 ", count: 5), "\(name): \(down.errors)")
                    let up = try lab.exec(pod, "curl", "-gsS", "--max-time", "15", "-T", file, "http://\(outside):8080/")
                    #expect(up.output == "5000000", "\(name): \(up.errors)")
                    #expect(try datagrams.exchange(from: pod, outside) == "3000", "\(name)")
                }
                try Self.checkPings(lab, pod, most: pod == "mediabot" ? mtu - 50 : mtu)
            }
        }
    }

    /// With "don't fragment": what fits goes there and back, and what doesn't is answered with how much does.
    private static func checkPings(_ lab: Lab, _ pod: String, most: Int) throws {
        for (outside, headers) in [(Lab.outside, 28), (Lab.outside6, 48)] {
            let fits = try lab.exec(pod, "ping", "-M", "do", "-c", "2", "-i", "0.2", "-W", "2", "-s", "\(most - headers)", outside)
            #expect(fits.succeeded, "\(pod) to \(outside): \(fits.output)")
            guard most < 1500 else { continue }
            let large = try lab.exec(pod, "ping", "-M", "do", "-c", "2", "-i", "0.2", "-W", "1", "-s", "\(1500 - headers)", outside)
            #expect(!large.succeeded)
            let told = large.output + large.errors
            #expect(
                told.contains("mtu = \(most)") || told.contains("mtu=\(most)") || told.contains("mtu: \(most)"),
                "\(pod) to \(outside): \(told)")
        }
    }

    @Test func `a pod hears from the router at which its packet's hops end, and from a closed port`() async throws {
        try await Self.with(1500) { lab in
            for (pod, hops) in [("mediabot", "3"), ("mediabot-on-gateway", "2")] {
                let hop = try lab.exec(pod, "ping", "-t", hops, "-c", "1", "-W", "2", Lab.outside)
                #expect(hop.output.contains("From 192.0.2.1 ") && hop.output.contains("Time to live exceeded"), "\(pod): \(hop.output)")
                let hop6 = try lab.exec(pod, "ping", "-t", hops, "-c", "1", "-W", "2", Lab.outside6)
                #expect(hop6.output.contains("From 2001:db8:2::1 ") && hop6.output.contains("Hop limit"), "\(pod): \(hop6.output)")
                for outside in [Lab.outside, Lab.outside6] {
                    #expect(try Self.closedPort(lab, pod, outside) == "ConnectionRefusedError", "\(pod) to \(outside)")
                }
            }
        }
    }

    private static func closedPort(_ lab: Lab, _ pod: String, _ outside: String) throws -> String {
        try lab.exec(
            pod, "python3", "-c",
            """
            import socket
            s = socket.socket(socket.AF_INET6 if ":" in "\(outside)" else socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(2)
            s.connect(("\(outside)", 9))
            s.send(b"anybody?")
            try:
                s.recv(9)
            except Exception as error:
                print(type(error).__name__, end="")
            """
        ).output
    }
}

/// A web server outside, on port 8080, that answers a PUT with how many octets came.
struct UploadServer {
    private let server: RunningCommand

    init(_ lab: Lab) throws {
        server = try lab.start(
            "outside", "python3", "-uc",
            """
            import http.server, socket
            class Server(http.server.ThreadingHTTPServer):
                address_family = socket.AF_INET6
            class Handler(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def do_PUT(self):
                    count = str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(count)))
                    self.end_headers()
                    self.wfile.write(count)
                def log_message(self, *words): pass
            server = Server(("::", 8080), Handler)
            print("ready")
            server.serve_forever()
            """)
        try server.wait(for: "ready")
    }

    func stop() { server.stop() }
}

/// A UDP server outside, on port 5354, that answers with what it got; 3,000 octets are fragments on every link.
struct LargeDatagrams {
    private let lab: Lab
    private let server: RunningCommand

    init(_ lab: Lab) throws {
        self.lab = lab
        server = try lab.start(
            "outside", "python3", "-uc",
            """
            import socket
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            s.bind(("::", 5354))
            print("ready")
            while True:
                try:
                    data, peer = s.recvfrom(65536)
                    s.sendto(data, peer)
                except OSError:
                    pass
            """)
        try server.wait(for: "ready")
    }

    /// How many octets came back; the first ones may be lost while sizes are learnt.
    func exchange(from pod: String, _ outside: String) throws -> String {
        let address = outside.filter { !"[]".contains($0) }
        return try lab.exec(
            pod, "python3", "-c",
            """
            import socket
            s = socket.socket(socket.AF_INET6 if ":" in "\(address)" else socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(0.5)
            for attempt in range(8):
                try:
                    s.sendto(bytes(3000), ("\(address)", 5354))
                    print(len(s.recv(65536)), end="")
                    break
                except OSError:
                    pass
            """
        ).output
    }

    func stop() { server.stop() }
}
