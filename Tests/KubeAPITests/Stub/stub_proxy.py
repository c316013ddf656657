#!/usr/bin/env python3
"""A stub of a proxy: says where it was asked to connect to, and does so.

usage: stub_proxy.py http|https|socks5|refusing [CERT KEY]
"""
import json
import socket
import ssl
import sys
import threading


def say(**what):
    print(json.dumps(what), flush=True)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def connect(client, host, port, ready):
    # Names of tests are all of this machine.
    server = socket.create_connection(("127.0.0.1" if host.endswith(".test") else host, port))
    client.sendall(ready)
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


def http(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(1)
        if not data:
            return
        head += data
    lines = head.decode().split("\r\n")
    say(request=lines[0], headers=lines[1:-2])
    if kind == "refusing":
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        client.close()
        return
    host, port = lines[0].split(" ")[1].rsplit(":", 1)
    connect(client, host.strip("[]"), int(port), b"HTTP/1.1 200 Connection established\r\n\r\n")


def socks(client):
    count = client.recv(2)[1]
    client.recv(count)
    client.sendall(b"\x05\x00")
    _, _, _, form = client.recv(4)
    if form == 1:
        host = socket.inet_ntoa(client.recv(4))
    elif form == 3:
        host = client.recv(client.recv(1)[0]).decode()
    else:
        host = socket.inet_ntop(socket.AF_INET6, client.recv(16))
    port = int.from_bytes(client.recv(2), "big")
    say(socks=f"{host}:{port}", form=form)
    connect(client, host, port, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")


def serve(client):
    try:
        if kind == "https":
            client = context.wrap_socket(client, server_side=True)
        (socks if kind == "socks5" else http)(client)
    except OSError:
        pass


kind = sys.argv[1]
if kind == "https":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
listener = socket.create_server(("127.0.0.1", 0))
say(port=listener.getsockname()[1])
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
