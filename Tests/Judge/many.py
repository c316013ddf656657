# SPDX-License-Identifier: Apache-2.0
"""Thousands of frames, where taking scapy's packets apart would take minutes: octets by hand, sums by scapy's."""
import random
import socket

from scapy.utils import checksum

from read import CHECKSUM_AT, EXTENSION_HEADERS, complaints


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def half(number):
    return number.to_bytes(2, "big")


def parts(raw):
    """Where the addresses are and how long one is, where L4 begins, and its number; no fragments."""
    if raw[14] >> 4 == 4:
        return 26, 4, 14 + (raw[14] & 15) * 4, raw[23]
    start, number = 54, raw[20]
    while number in EXTENSION_HEADERS:
        number, start = raw[start], start + (raw[start + 1] + 1) * 8
    return 22, 16, start, number


def with_sum(number, source, destination, l4):
    """The octets of L4 with their checksum; one of UDP that comes out as zero is sent as all ones (RFC 768)."""
    at = CHECKSUM_AT[number]
    l4 = l4[:at] + b"\0\0" + l4[at + 2 :]
    pseudo = b"" if number == 1 else source + destination + half(0) + half(len(l4)) + half(0) + half(number)
    total = checksum(pseudo + l4)
    return l4[:at] + half(0xFFFF if total == 0 and number == 17 else total) + l4[at + 2 :]


def segment(dice, number):
    ports = half(dice.randint(1, 65535)) + half(dice.randint(1, 65535))
    data = dice.randbytes(dice.choice((0, 1, 2, 17, 64, 333, 1200)))
    if number == 6:
        options = dice.choice((b"", b"\x01" * 4, b"\x02\x04\x02\x00", b"\x01\x03\x03\x07\x02\x04\x04\xb0", b"\x08\x0a" + dice.randbytes(8) + b"\0\0"))
        return ports + dice.randbytes(8) + bytes([(20 + len(options)) // 4 << 4, 2]) + b"\xff\xff\0\0\0\0" + options + data
    if number == 17:
        return ports + half(8 + len(data)) + b"\0\0" + data
    return bytes([8 if number == 1 else 128, 0, 0, 0]) + ports + data


def chain(dice, number):
    """IPv6 extension headers, and the number of the first."""
    octets = b""
    for own in sorted(dice.sample((0, 43, 60), dice.choice((0, 0, 1, 2, 3))), reverse=True):
        octets, number = bytes([number, 0, 0 if own == 43 else 1, 0 if own == 43 else 4, 0, 0, 0, 0]) + octets, own
    return octets, number


def random_frame(dice, order):
    source, destination = address(order["source"]), address(dice.choice(order["destinations"]))
    six = len(source) == 16
    number = dice.choice((6, 17, 58 if six else 1))
    l4 = with_sum(number, source, destination, segment(dice, number))
    if number == 17 and not six and dice.random() < 0.4:
        l4 = l4[:6] + b"\0\0" + l4[8:]
    macs, hops, tos = bytes.fromhex(order["macs"]), dice.randint(3, 255), dice.randint(0, 63) << 2
    if six:
        octets, first = chain(dice, number)
        label = ((6 << 28) | (tos << 20) | dice.getrandbits(20)).to_bytes(4, "big")
        return macs + b"\x86\xdd" + label + half(len(octets + l4)) + bytes([first, hops]) + source + destination + octets + l4
    options = b"\x01" * (4 * dice.choice((0, 0, 0, 1, 2, 10)))
    length = 20 + len(options)
    header = bytes([0x40 | length // 4, tos]) + half(length + len(l4)) + dice.randbytes(2) + dice.choice((b"\0\0", b"\x40\0"))
    header += bytes([hops, number, 0, 0]) + source + destination + options
    return macs + b"\x08\0" + header[:10] + half(checksum(header)) + header[12:] + l4


def random_frames(order):
    dice = random.Random(order["seed"])
    return [random_frame(dice, order) for _ in range(order["count"])]


def series(order):
    """The same frame from one source port (or identifier) after another."""
    raw = bytes.fromhex(order["frame"])
    at, size, start, number = parts(raw)
    source, destination, l4 = raw[at : at + size], raw[at + size : at + 2 * size], raw[start:]
    place = 0 if number in (6, 17) else 4
    ports = range(order["from"], order["from"] + order["count"])
    return [raw[:start] + with_sum(number, source, destination, l4[:place] + half(port) + l4[place + 2 :]) for port in ports]


def turned(raw):
    """What the far end answers: addresses and ports changed round, a SYN acknowledged, an echo answered."""
    at, size, start, number = parts(raw)
    source, destination = raw[at : at + size], raw[at + size : at + 2 * size]
    l4 = raw[start:]
    absent = number == 17 and l4[6:8] == b"\0\0"
    if number in (6, 17):
        l4 = l4[2:4] + l4[:2] + l4[4:]
    else:
        l4 = bytes([0 if number == 1 else 129]) + l4[1:]
    if number == 6:
        l4 = l4[:13] + bytes([0x12]) + l4[14:]
    if not absent:
        l4 = with_sum(number, destination, source, l4)
    macs = bytes.fromhex("020000000001020000000002")
    return macs + raw[12:at] + destination + source + raw[at + 2 * size : start] + l4


def quick_complaints(number_of_frame, raw):
    """Each hundredth is taken apart by scapy; of the others the sums are scapy's."""
    if number_of_frame % 100 == 0:
        return complaints(raw)
    at, size, start, number = parts(raw)
    wrong, l4 = [], raw[start:]
    if size == 4 and checksum(raw[14:start]) != 0:
        wrong.append("IP checksum")
    if size == 4 and int.from_bytes(raw[16:18], "big") != len(raw) - 14 or size == 16 and int.from_bytes(raw[18:20], "big") != len(raw) - 54:
        wrong.append("length")
    at_sum = CHECKSUM_AT[number]
    if number == 17 and l4[6:8] == b"\0\0":
        return wrong + (["UDP without a checksum in IPv6"] if size == 16 else [])
    source, destination = raw[at : at + size], raw[at + size : at + 2 * size]
    if with_sum(number, source, destination, l4)[at_sum : at_sum + 2] != l4[at_sum : at_sum + 2]:
        wrong.append(f"checksum of protocol {number}")
    return wrong
