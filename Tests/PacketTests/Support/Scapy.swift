import TestKit

/// Checks packets by something that is not us: Debian's scapy computes their checksums.
enum Scapy {
    private static let script = """
        import sys
        from scapy.all import Ether, IP
        from scapy.layers.inet import in4_chksum
        from scapy.utils import checksum
        for number, line in enumerate(sys.stdin):
            raw = bytes.fromhex(line.strip())
            ip = Ether(raw)[IP]
            whole = raw[14:14 + ip.len]
            header, l4 = whole[:ip.ihl * 4], whole[ip.ihl * 4:]
            wrong = []
            if len(whole) != ip.len or len(raw) != 14 + ip.len:
                wrong.append("length")
            if checksum(header) != 0:
                wrong.append("IP checksum")
            if ip.proto == 1 and checksum(l4) != 0:
                wrong.append("ICMP checksum")
            absent = ip.proto == 17 and l4[6:8] == b"\\0\\0"
            if ip.proto in (6, 17) and not absent and in4_chksum(ip.proto, ip, l4) not in (0, 0xffff if ip.proto == 17 else 0):
                wrong.append("L4 checksum")
            if wrong:
                print(f"packet {number}: {', '.join(wrong)}: {raw.hex()}")
        """

    /// What is wrong with their checksums or lengths; empty when nothing is.
    static func complaints(about frames: [[UInt8]]) throws -> String {
        let lines = frames.map { $0.map { hex($0) }.joined() }.joined(separator: "\n")
        return try Command.run(["/usr/bin/python3", "-c", script], input: lines + "\n")
    }

    private static func hex(_ octet: UInt8) -> String {
        let text = String(octet, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
