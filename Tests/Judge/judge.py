#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds packets and judges packets, so that no test of ours trusts our own checksums: Debian's scapy does both.

One JSON request a line on stdin, one JSON answer a line on stdout; it ends with stdin.

  {"build": [PACKET, ...]}    ["hex", ...]        frames, with every length and checksum of scapy's
  {"read": ["hex", ...]}      [READ, ...]         what scapy sees in them
  {"random": ORDER}           ["hex", ...]        requests at random: see many.py
  {"series": ORDER}           ["hex", ...]        a frame from many ports
  {"turn": ["hex", ...]}      ["hex", ...]        what the far end answers to each
  {"check": ["hex", ...]}     ["complaint", ...]  what is wrong with them, mostly by scapy's sums alone: for thousands

A request that can't be done is answered with {"error": "..."}.
"""
import json
import sys

from build import frame
from many import quick_complaints, random_frames, series, turned
from read import read


def answer(request):
    if "build" in request:
        return [frame(packet).hex() for packet in request["build"]]
    if "random" in request:
        return [raw.hex() for raw in random_frames(request["random"])]
    if "series" in request:
        return [raw.hex() for raw in series(request["series"])]
    if "turn" in request:
        return [turned(bytes.fromhex(text)).hex() for text in request["turn"]]
    frames = [bytes.fromhex(text) for text in request.get("read", request.get("check", []))]
    if "read" in request:
        return [read(raw) for raw in frames]
    return [f"packet {number}: {text}: {raw.hex()}" for number, raw in enumerate(frames) for text in quick_complaints(number, raw)]


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:  # whatever it is, the test that asked must hear of it
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
