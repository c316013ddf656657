# SPDX-License-Identifier: Apache-2.0
"""What scapy sees in a frame, and what is wrong with it."""
from scapy.layers.inet import IP, TCP, UDP, in4_pseudoheader
from scapy.layers.inet6 import IPv6, in6_pseudoheader
from scapy.layers.l2 import Ether
from scapy.utils import checksum

EXTENSION_HEADERS = (0, 43, 60)
ERRORS = {1: (3, 11, 12), 58: (1, 2, 3, 4)}
CHECKSUM_AT = {6: 16, 17: 6, 1: 2, 58: 2}


class View:
    """One IP packet: where its parts are. `isQuoted`: an error quotes it, and may have cut it off."""

    def __init__(self, raw, is_quoted=False):
        self.raw, self.is_quoted = raw, is_quoted
        self.layer = IPv6(raw[:40]) if raw[0] >> 4 == 6 else IP(raw[: (raw[0] & 15) * 4])
        if self.layer.version == 6:
            self.walk_extensions()
        else:
            self.header, self.number = self.layer.ihl * 4, self.layer.proto
            self.length = self.layer.len
            self.is_part, self.is_later = bool(self.layer.frag or self.layer.flags.MF), self.layer.frag > 0
        self.l4 = raw[self.header : self.length]

    def walk_extensions(self):
        raw, self.header, self.number = self.raw, 40, self.layer.nh
        self.length = 40 + self.layer.plen
        self.is_part = self.is_later = False
        while self.number in EXTENSION_HEADERS and self.header + 8 <= len(raw):
            self.number, size = raw[self.header], (raw[self.header + 1] + 1) * 8
            self.header += size
        if self.number == 44:
            where = int.from_bytes(raw[self.header + 2 : self.header + 4], "big")
            self.number = raw[self.header]
            self.header += 8
            self.is_part, self.is_later = True, where >> 3 > 0

    @property
    def pseudo_header(self):
        if self.layer.version == 6:
            return bytes(in6_pseudoheader(self.number, self.layer, len(self.l4)))
        return in4_pseudoheader(self.number, self.layer, len(self.l4))

    @property
    def is_complete(self):
        return len(self.raw) >= self.length and not self.is_part

    @property
    def is_error(self):
        return self.number in (1, 58) and not self.is_later and len(self.l4) > 8 and self.l4[0] in ERRORS[self.number]

    @property
    def quoted(self):
        return View(self.l4[8:], is_quoted=True) if self.is_error else None

    def wrong(self):
        """Lengths, the IP header's checksum, the one behind it, and those of what it quotes."""
        found = []
        if not self.is_quoted and len(self.raw) != self.length:
            found.append(f"length {self.length} in {len(self.raw)} octets")
        if self.layer.version == 4 and checksum(self.raw[: self.header if not self.is_quoted else self.layer.ihl * 4]) != 0:
            found.append("IP checksum")
        if self.is_complete and self.number in CHECKSUM_AT:
            at = CHECKSUM_AT[self.number]
            absent = self.number == 17 and self.layer.version == 4 and self.l4[at : at + 2] == b"\0\0"
            over = self.l4 if self.number == 1 else self.pseudo_header + self.l4
            if self.number == 17 and self.layer.version == 6 and self.l4[at : at + 2] == b"\0\0":
                found.append("UDP without a checksum in IPv6")
            elif not absent and checksum(over) != 0:
                found.append(f"checksum of protocol {self.number}")
        if self.quoted:
            found += [f"quoted: {text}" for text in self.quoted.wrong()]
        return found

    def fields(self):
        result = {
            "source": self.layer.src,
            "destination": self.layer.dst,
            "hops": self.layer.ttl if self.layer.version == 4 else self.layer.hlim,
            "number": self.number,
            "sourcePort": 0,
            "destinationPort": 0,
        }
        if self.number in (6, 17) and not self.is_later and len(self.l4) >= 8:
            header = (TCP if self.number == 6 and len(self.l4) >= 20 else UDP)(self.l4)
            result.update(sourcePort=header.sport, destinationPort=header.dport)
            if isinstance(header, TCP):
                result["mss"] = dict(option for option in header.options if option[0] == "MSS").get("MSS")
        if self.number in (1, 58) and not self.is_later and len(self.l4) >= 8:
            half = int.from_bytes(self.l4[4:6], "big")
            result.update(type=self.l4[0], code=self.l4[1], sourcePort=half, destinationPort=half)
            result["mtu"] = int.from_bytes(self.l4[4:8], "big") & (0xFFFF if self.number == 1 else 0xFFFFFFFF)
        if self.quoted:
            result["quoted"] = [self.quoted.fields()]
        return result


def packet(raw):
    return View(raw[14:])


def complaints(raw):
    return packet(raw).wrong()


def read(raw):
    """With a second opinion on the whole: scapy takes it apart, forgets the checksums and builds it again."""
    view = packet(raw)
    result = view.fields()
    result["complaints"] = view.wrong()
    if view.is_complete and not view.is_error and not result["complaints"]:
        whole = Ether(raw)
        for kind in (IP, TCP, UDP):
            if kind in whole and not (kind is UDP and whole[kind].chksum == 0):
                del whole[kind].chksum
        if bytes(whole) != raw:
            result["complaints"].append("scapy builds it otherwise: " + bytes(whole).hex())
    return result
