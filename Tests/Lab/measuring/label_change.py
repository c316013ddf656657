"""How long a label change takes from the API's answer to the packets, measured in the lab's underlay.

A sender in the pod's namespace sends a datagram every millisecond, each from a port of its own, so that each is a new
flow; a server outside notes source and time of arrival (one monotonic clock for all of them). A label of the pod is
taken and given in turn. The figure of one change is the time from the PATCH's answer to the first datagram with the new
address after which no old one comes.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import time

from api import API

# Ports of the server take turns, so that no flow's addresses and ports come again while the measurement lasts.
SENDER = """
import socket, time
while True:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("203.0.113.10", 9900 + int(time.monotonic() * 2) % 32))
    except OSError: pass
    time.sleep(0.001)
"""
RECEIVER = """
import selectors, socket, sys, time
ready = selectors.DefaultSelector()
for port in range(32):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("203.0.113.10", 9900 + port))
    ready.register(s, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        data, peer = key.fileobj.recvfrom(64)
        sys.stdout.write(f"{time.monotonic_ns()} {peer[0]}\\n")
    sys.stdout.flush()
"""
POD = "/api/v1/namespaces/default/pods/mediabot"
EGRESS, NODE = "198.51.100.100", "192.0.2.11"


def inside(lab, name, program, **more):
    return subprocess.Popen(["ip", "netns", "exec", f"egt-{lab}-{name}", sys.executable, "-uc", program], **more)


def change(api, value):
    """The interval of time, on the monotonic clock, in which the API server made the change."""
    before = time.monotonic_ns()
    api.merge(POD, {"metadata": {"labels": {"class": value}}})
    return before, time.monotonic_ns()


def settled(seen, since, until, wanted):
    """Milliseconds after `since` of the first wanted source that no other follows before `until`; None without one."""
    first = None
    for at, source in seen:
        if at < since or at >= until:
            continue
        if source != wanted:
            first = None
        elif first is None:
            first = at
    return None if first is None else (first - since) / 1e6


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main(lab, count, output):
    state = f"/run/egress-lab/{lab}"
    api = API(f"{state}/api")
    log = open(f"{state}/datagrams", "w+")
    children = [inside(lab, "outside", RECEIVER, stdout=log)]
    try:
        time.sleep(0.5)
        children.append(inside(lab, "mediabot", SENDER))
        time.sleep(1)
        changes = []
        for number in range(count):
            wanted = NODE if number % 2 == 0 else EGRESS
            before, answered = change(api, None if wanted == NODE else "mediabot")
            changes.append((before, answered, wanted))
            # Not in step with anything that goes by the clock.
            time.sleep(0.3 + random.random() * 0.1)
        changes.append((time.monotonic_ns(), time.monotonic_ns(), ""))
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()
    log.seek(0)
    seen = [(int(at), source) for at, source in (line.split() for line in log if line.endswith("\n"))]
    from_answer = [settled(seen, answered, after[0], wanted) for (_, answered, wanted), after in zip(changes, changes[1:])]
    lost = from_answer.count(None)
    if lost:
        sys.exit(f"error: {lost} of {count} changes weren't in the datapath within 300 ms")
    patching = [(answered - before) / 1e6 for before, answered, _ in changes[:-1]]
    given = [ms for ms, (_, _, wanted) in zip(from_answer, changes) if wanted == EGRESS]
    figure = {
        "name": "label-change-to-datapath",
        "unit": "ms",
        "ours": round(percentile(from_answer, 0.5), 1),
        "p99": round(percentile(from_answer, 0.99), 1),
        "max": round(max(from_answer), 1),
        "peers": {"patch-answered": round(statistics.median(patching), 1)},
        "note": f"p50 of {count} changes, from the PATCH's answer to the first new datagram with the new source; one datagram a millisecond;"
        f" label given: p50 {percentile(given, 0.5):.1f}",
    }
    print(f"{figure['name']}: p50 {figure['ours']} ms, p99 {figure['p99']} ms, max {figure['max']} ms of {count} changes")
    if output:
        with open(output, "a") as file:
            file.write(json.dumps(figure, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else os.environ.get("EGRESS_BENCH_FILE", ""))
