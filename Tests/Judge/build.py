# SPDX-License-Identifier: Apache-2.0
"""A frame from its description; see Datagram.swift for what each field means."""
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6Unknown,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

NUMBERS = {"tcp": 6, "udp": 17, 4: 1, 6: 58}
EXTENSIONS = {
    "hopByHop": (0, IPv6ExtHdrHopByHop),
    "routing": (43, IPv6ExtHdrRouting),
    "routingOn": (43, IPv6ExtHdrRouting),
    "destination": (60, IPv6ExtHdrDestOpt),
}


def family(packet):
    return 6 if ":" in packet["source"] else 4


def network(packet, **fields):
    if family(packet) == 6:
        return IPv6(src=packet["source"], dst=packet["destination"], hlim=packet["hops"], tc=packet["tos"], **fields)
    return IP(src=packet["source"], dst=packet["destination"], ttl=packet["hops"], tos=packet["tos"], **fields)


def number(packet):
    kind = packet["kind"]
    return packet["number"] if kind == "other" else NUMBERS.get(kind) or NUMBERS[family(packet)]


def message(packet):
    """ICMP and ICMPv6: an echo, or an error with what it quotes."""
    six = family(packet) == 6
    if packet["kind"] == "echo":
        ask = packet["isRequest"]
        if six:
            return (ICMPv6EchoRequest if ask else ICMPv6EchoReply)(id=packet["sourcePort"], seq=7)
        return ICMP(type=8 if ask else 0, id=packet["sourcePort"], seq=7)
    rest = packet["rest"].to_bytes(4, "big")
    quoted = b"".join(whole(each) for each in packet["quotes"])[: packet["quotedLength"]]
    if six:
        return ICMPv6Unknown(type=packet["type"], code=packet["code"], msgbody=rest + quoted)
    # The second word as it is given: scapy reads it as an identifier, a pointer or an MTU, by type and code.
    header = ICMP(bytes([packet["type"], packet["code"], 0, 0]) + rest + quoted)
    del header.chksum
    return header


def l4(packet):
    """The octets behind the last IP header, with checksums over the whole datagram."""
    data = Raw(bytes.fromhex(packet["data"]))
    kind = packet["kind"]
    if kind == "other":
        return bytes(data)
    if kind == "tcp":
        options = [(name, value) for name, value in packet["tcpOptions"]]
        header = TCP(sport=packet["sourcePort"], dport=packet["destinationPort"], seq=1, ack=2, flags=packet["flags"], window=0xFFFF)
        header.options = options
    elif kind == "udp":
        header = UDP(sport=packet["sourcePort"], dport=packet["destinationPort"])
        if not packet["hasChecksum"]:
            header.chksum = 0
    else:
        header = message(packet)
    built = network(packet) / header
    if kind != "error":
        built = built / data
    return bytes(built)[20 if family(packet) == 4 else 40 :]


def extensions(packet, inner, last):
    """IPv6 extension headers before `inner`; the first one's number is returned too."""
    chain, following = inner, last
    for name in reversed(packet["extensions"]):
        own, header = EXTENSIONS[name]
        layer = header(nh=following)
        if own == 43:
            layer.segleft = 0 if name == "routing" else 1
        chain, following = layer / chain, own
    return chain, following


def whole(packet):
    """The IP packet, or one fragment of it."""
    payload, last = l4(packet), number(packet)
    part = packet.get("fragment")
    if part:
        end = part["to"] if part.get("to") is not None else len(payload)
        more, payload = end < len(payload), payload[part["from"] : end]
    if family(packet) == 6:
        inner = Raw(payload)
        if part:
            inner, last = IPv6ExtHdrFragment(nh=last, offset=part["from"] // 8, m=int(more), id=part["id"]) / inner, 44
        inner, first = extensions(packet, inner, last)
        return bytes(network(packet, nh=first) / inner)
    fields = {"id": part["id"], "frag": part["from"] // 8, "flags": int(more)} if part else {"id": 0x1234, "flags": 2 if packet["isWhole"] else 0}
    if packet["ipOptions"]:
        fields["options"] = IPOption(bytes.fromhex(packet["ipOptions"]))
    return bytes(network(packet, proto=last, **fields) / Raw(payload))


def frame(packet):
    macs = bytes.fromhex(packet["macs"])
    text = [":".join(f"{octet:02x}" for octet in half) for half in (macs[:6], macs[6:])]
    kind = 0x86DD if family(packet) == 6 else 0x0800
    return bytes(Ether(dst=text[0], src=text[1], type=kind) / Raw(whole(packet)))
