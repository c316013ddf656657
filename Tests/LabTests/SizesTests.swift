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

    private static let pods = ["mediabot", "mediabot-on-gateway"]

    /// What they were told of the way's width.
    private static func forgetSizes(_ lab: Lab) throws {
        for pod in pods { _ = try lab.exec(pod, "sh", "-c", "ip route flush cache; ip -6 route flush cache") }
    }

    @Test(arguments: [1400, 1450, 1500])
    func `no size is a black hole, whatever the link between the nodes takes`(_ mtu: Int) async throws {
        try await Self.with(mtu) { lab in
            let receiver = try UploadServer(lab)
            defer { receiver.stop() }
            let datagrams = try LargeDatagrams(lab)
            defer { datagrams.stop() }
            try lab.checkSizes(of: "mediabot", octets: 5_000_000, most: mtu - 50, datagrams: datagrams)
            try lab.checkSizes(of: "mediabot-on-gateway", octets: 5_000_000, most: mtu, datagrams: datagrams)
            guard mtu == 1400 else { return }
            // By the stack every size is the tunnel's: the route to its device says so.
            let nodes = ["node-1", "node-2"]
            try await lab.enforce(on: nodes)
            try Self.forgetSizes(lab)
            for pod in Self.pods {
                try lab.checkSizes(of: pod, octets: 5_000_000, most: mtu - 50, datagrams: datagrams)
            }
            for node in nodes { #expect(try lab.tracked(on: node).invalid == 0, "\(node)") }
        }
    }

    @Test func `errors of routers and closed ports reach a pod, and its own the far end, in both steerings`() async throws {
        try await Self.with(1500) { lab in
            let asker = try LateAnswers(lab)
            defer { asker.stop() }
            #expect(try lab.exec("underlay", "sh", "-e", "-c", Self.narrowing).errors == "")
            try Self.checkErrors(lab, asker)
            let nodes = ["node-1", "node-2"]
            try await lab.enforce(on: nodes)
            try Self.forgetSizes(lab)
            try Self.checkErrors(lab, asker)
            // The gateway's own route takes less than the tunnel: it tells its pod behind FORWARD, from where that wanted to.
            let lower =
                "ip route add \(Self.far)/32 via 192.0.2.1 mtu lock 1290; ip -6 route add \(Self.far6)/128 via 2001:db8:2::1 mtu lock 1290"
            #expect(try lab.exec("node-2", "sh", "-c", lower).errors == "")
            try Self.forgetSizes(lab)
            for pod in Self.pods { try Self.checkNarrow(lab, pod, takes: 1290, by: [Self.far, Self.far6]) }
            for node in nodes {
                let tracked = try lab.tracked(on: node)
                // A hop's end, a narrow link, a closed port and the pod's own closed port, in each family.
                #expect(tracked.related >= 8 && tracked.invalid == 0, "\(node): \(tracked)")
            }
        }
    }

    /// The pod is told by that router what the narrowest link on the way takes.
    private static func checkNarrow(_ lab: Lab, _ pod: String, takes mtu: Int, by routers: [String]) throws {
        for (outside, router, headers) in [(far, routers[0], 28), (far6, routers[1], 48)] {
            let large = try lab.exec(pod, "ping", "-M", "do", "-c", "2", "-i", "0.1", "-W", "1", "-s", "\(mtu + 1 - headers)", outside)
            #expect(large.output.contains("From \(router) ") && !large.succeeded, "\(pod) to \(outside): \(large.output)")
            let told = large.output + large.errors
            #expect(told.contains("mtu = \(mtu)") || told.contains("mtu=\(mtu)"), "\(pod) to \(outside): \(told)")
        }
    }

    private static let (far, far6) = ("203.0.113.11", "2001:db8:113::11")

    /// The last link to one of the outside's addresses takes less than all links before.
    private static let narrowing = """
        link=$(ip -o route get \(far) | sed 's/.* dev \\([^ ]*\\) .*/\\1/')
        ip route add \(far)/32 dev $link mtu 1300
        ip -6 route add \(far6)/128 dev $link mtu 1300
        """

    private static func checkErrors(_ lab: Lab, _ asker: LateAnswers) throws {
        for (pod, hops) in [("mediabot", "3"), ("mediabot-on-gateway", "2")] {
            let hop = try lab.exec(pod, "ping", "-t", hops, "-c", "1", "-W", "2", Lab.outside)
            #expect(hop.output.contains("From 192.0.2.1 ") && hop.output.contains("Time to live exceeded"), "\(pod): \(hop.output)")
            let hop6 = try lab.exec(pod, "ping", "-t", hops, "-c", "1", "-W", "2", Lab.outside6)
            #expect(hop6.output.contains("From 2001:db8:2::1 ") && hop6.output.contains("Hop limit"), "\(pod): \(hop6.output)")
            try checkNarrow(lab, pod, takes: 1300, by: ["192.0.2.1", "2001:db8:2::1"])
            for outside in [Lab.outside, Lab.outside6] {
                #expect(try closedPort(lab, pod, outside) == "ConnectionRefusedError", "\(pod) to \(outside)")
                #expect(try asker.hears(from: pod, outside) == "ConnectionRefusedError", "\(pod), asked by \(outside)")
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

/// A UDP server outside, on port 5355, that answers late, and says what it then hears: an error, where the pod's port is closed.
struct LateAnswers {
    private let lab: Lab
    private let server: RunningCommand

    init(_ lab: Lab) throws {
        self.lab = lab
        server = try lab.start(
            "outside", "python3", "-uc",
            """
            import socket, time
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            s.bind(("::", 5355))
            print("ready")
            while True:
                tag, peer = s.recvfrom(100)
                time.sleep(0.15)
                s.connect(peer)
                s.settimeout(1)
                try:
                    s.send(b"late")
                    s.recv(100)
                    print(tag.decode(), "answered")
                except OSError as error:
                    print(tag.decode(), type(error).__name__)
                s.close()
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                s.bind(("::", 5355))
            """)
        try server.wait(for: "ready")
    }

    /// A pod asks once and closes its socket; what the server hears when it answers.
    func hears(from pod: String, _ outside: String) throws -> String {
        let tag = String(UInt32.random(in: 0 ... .max))
        _ = try lab.exec(
            pod, "python3", "-c",
            """
            import socket
            s = socket.socket(socket.AF_INET6 if ":" in "\(outside)" else socket.AF_INET, socket.SOCK_DGRAM)
            s.sendto(b"\(tag)", ("\(outside)", 5355))
            """)
        try server.wait(for: tag + " ")
        return server.said.split(separator: "\n").last { $0.hasPrefix(tag) }?.split(separator: " ").last.map(String.init) ?? ""
    }

    func stop() { server.stop() }
}
