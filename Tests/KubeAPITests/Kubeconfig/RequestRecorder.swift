import JSONText
import TestKit

/// An HTTPS server on loopback that writes down what each request carried, with certificates of a test's own.
final class RequestRecorder {
    let port: Int
    private let server: RunningCommand
    private let folder: ScratchFolder

    init(_ folder: ScratchFolder) throws {
        self.folder = folder
        try folder.write("recorder.py", Self.program)
        try folder.write("make-certificates", Self.certificates)
        try Command.run(["sh", "\(folder.path)/make-certificates", folder.path])
        server = try Command.start(["/usr/bin/python3", "-u", "\(folder.path)/recorder.py", folder.path])
        try server.wait(for: "\n")
        guard let port = Int(server.said.prefix { $0 != "\n" }) else { throw TestKitError("no port: \(server.said)") }
        self.port = port
    }

    /// What came, oldest first.
    func requests() throws -> [JSONValue] {
        try folder.text("requests").split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    private static let program = """
        import http.server, json, ssl, sys
        folder = sys.argv[1]
        names = {}
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                peer = self.connection.getpeercert() or {}
                subject = [v for part in peer.get('subject', []) for k, v in part if k == 'commonName']
                headers = {}
                for name, value in self.headers.items(): headers.setdefault(name.lower(), []).append(value)
                with open(folder + '/requests', 'a') as f:
                    f.write(json.dumps({'path': self.path, 'headers': headers, 'certificate': subject[0] if subject else '', 'name': names.get(id(self.connection), '')}) + '\\n')
                self.send_response(200); self.send_header('Content-Length', '2'); self.end_headers(); self.wfile.write(b'{}')
            def log_message(self, *a): pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + '/server.crt', folder + '/server.key')
        context.load_verify_locations(folder + '/ca.crt')
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(['http/1.1'])
        def named(connection, name, _): names[id(connection)] = name or ''
        context.sni_callback = named
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1])
        server.serve_forever()
        """

    /// One authority, a server's certificate, and clients with a key of every kind and form that kubeconfigs hold.
    private static let certificates = """
        set -e; cd "$1"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout ca.key -out ca.crt -subj /CN=ca -addext basicConstraints=critical,CA:TRUE 2>/dev/null
        issue() {
          openssl req -new -key "$1.key" -out "$1.csr" -subj "/CN=$1"
          printf %s "$2" >"$1.ext"
          openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" -extfile "$1.ext" 2>/dev/null
        }
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out server.key 2>/dev/null
        issue server subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:api.test
        openssl genrsa -traditional -out pkcs1.key 2048 2>/dev/null
        openssl ecparam -genkey -name prime256v1 -noout -out sec1.key
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out pkcs8.key 2>/dev/null
        openssl genpkey -algorithm ed25519 -out ed25519.key
        openssl ecparam -genkey -name secp384r1 -out parameters.key
        for name in pkcs1 sec1 pkcs8 ed25519 parameters; do issue $name extendedKeyUsage=clientAuth; done
        openssl pkcs8 -topk8 -in pkcs8.key -passout pass:x -out encrypted.key
        openssl ec -in sec1.key -aes128 -passout pass:x -out oldencrypted.key 2>/dev/null
        cp pkcs8.crt encrypted.crt; cp sec1.crt oldencrypted.crt
        """
}
