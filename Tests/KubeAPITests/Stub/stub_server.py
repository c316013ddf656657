#!/usr/bin/env python3
"""A stub in the place of an API server, for what a real one won't do on command.

usage: stub_server.py CONFIG.json

CONFIG: {"cert", "key": PEM files, or neither for plain HTTP; "clientCA": who may sign clients; "address": "127.0.0.1";
"answers": {PATH: [ANSWER, ...]}}. A path's answers are given one after the other, the last one again and again.
ANSWER: {"status": 200, "headers": [[NAME, VALUE], ...], "body": TEXT, "chunks": [TEXT, ...], "pause": SECONDS between
chunks, "delay": SECONDS before the head, "hold": true to keep the connection open after it, "reset": "head" or "body"}.
Says {"port": N} when it listens, and one JSON line for each request and for each connection that ended.
"""
import http.server
import json
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

config = json.load(open(sys.argv[1]))
said = threading.Lock()
given = {}


def say(**what):
    with said:
        print(json.dumps(what), flush=True)


def lone_bytes(text):
    """U+F780 to U+F7FF stand for the bytes 0x80 to 0xFF, to cut a character in two."""
    return b"".join(bytes([ord(c) - 0xF700]) if 0xF780 <= ord(c) <= 0xF7FF else c.encode() for c in text)


class Stub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    numbers = iter(range(1, 1 << 30))

    def setup(self):
        self.number = next(self.numbers)
        if isinstance(self.request, ssl.SSLSocket):
            try:
                self.request.do_handshake()
            except ssl.SSLError:
                # A close at once would be a reset, which can overtake the alert.
                time.sleep(0.5)
                raise
        super().setup()

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        path = urllib.parse.urlsplit(self.path).path
        tls = isinstance(self.request, ssl.SSLSocket)
        subject = dict(pair[0] for pair in (self.request.getpeercert() or {}).get("subject", [])) if tls else {}
        say(method=self.command, target=self.path, headers=[[k.lower(), v] for k, v in self.headers.items()], body=body,
            connection=self.number, client=subject.get("commonName"), sni=getattr(self.request, "sni", None))
        answers = config["answers"].get(path)
        if not answers:
            return self.send({"status": 404, "headers": [["Content-Type", "text/plain"]], "body": "404 page not found\n"})
        with said:
            count = given.get(path, 0)
            given[path] = count + 1
        self.send(answers[min(count, len(answers) - 1)])

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def send(self, answer):
        time.sleep(answer.get("delay", 0))
        if answer.get("reset") == "head":
            return self.reset()
        self.send_response_only(answer.get("status", 200))
        for name, value in answer.get("headers", []):
            self.send_header(name, value)
        chunks = answer.get("chunks")
        body = answer.get("body", "").encode()
        if chunks is None:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        if chunks is None:
            self.wfile.write(body)
            return
        for chunk in chunks:
            data = lone_bytes(chunk)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
            time.sleep(answer.get("pause", 0))
        if answer.get("hold"):
            self.wait_for_end()
        if answer.get("reset") == "body":
            return self.reset()
        self.wfile.write(b"0\r\n\r\n")

    def wait_for_end(self):
        try:
            self.connection.settimeout(60)
            self.connection.recv(1)
        except OSError:
            pass
        say(ended=self.number)
        self.close_connection = True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        if isinstance(self.connection, ssl.SSLSocket):
            socket.socket(fileno=self.connection.detach()).close()
        else:
            self.connection.close()
        self.wfile = open("/dev/null", "wb")
        self.rfile = open("/dev/null", "rb")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET6 if ":" in config.get("address", "") else socket.AF_INET

    def handle_error(self, *_):
        pass

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass


server = Server((config.get("address", "127.0.0.1"), 0), Stub)
if "cert" in config:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config["cert"], config["key"])
    if "clientCA" in config:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(config["clientCA"])

    def remember(connection, name, _):
        connection.sni = name

    context.sni_callback = remember
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
say(port=server.server_address[1])
server.serve_forever()
