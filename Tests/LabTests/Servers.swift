import TestKit

/// A UDP server, outside or in a pod, that answers with the address it saw.
struct UDPEcho {
    private let lab: Lab
    private let server: RunningCommand

    init(_ lab: Lab, in name: String = "outside", address: String = Lab.outside) throws {
        self.lab = lab
        server = try lab.start(
            name, "python3", "-uc",
            """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("\(address)", 5353))
            print("ready")
            while True:
                data, peer = s.recvfrom(2048)
                s.sendto(peer[0].encode(), peer)
            """)
        try server.wait(for: "ready")
    }

    func peer(from pod: String) throws -> String {
        let outcome = try lab.exec(
            pod, "python3", "-c",
            """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(3)
            s.sendto(b"who am I", ("\(Lab.outside)", 5353))
            print(s.recvfrom(2048)[0].decode(), end="")
            """)
        return outcome.output
    }

    func stop() { server.stop() }
}

/// A web server inside a pod.
struct HTTPServer {
    private let server: RunningCommand

    init(_ lab: Lab, pod: String, port: Int) throws {
        server = try lab.start(
            pod, "python3", "-uc",
            "import http.server; s = http.server.HTTPServer(('', \(port)), http.server.SimpleHTTPRequestHandler); print('ready'); s.serve_forever()"
        )
        try server.wait(for: "ready")
    }

    func stop() { server.stop() }
}
